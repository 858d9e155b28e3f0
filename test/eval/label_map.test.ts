import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Annotation, Dataset, Prediction } from '../../src/eval/dataset';
import { ConfusionMatrix, scoreLabelMaps } from '../../src/eval/label_map';
import { rleEncode } from '../../src/eval/rle';

interface Example {
  classes: number;
  truths: number[][];
  predictions: number[][];
  expected: {
    pixelAccuracy: number;
    meanAccuracy: number;
    meanIou: number;
    iou: (number | null)[];
    accuracy: (number | null)[];
  };
}

/** test/reference/eval/voc.py made it with NumPy. */
const { labelMaps } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../reference/fixtures/voc.json'), 'utf8'),
) as { labelMaps: Example[] };

function expectSame(actual: number | null, expected: number | null): void {
  if (expected === null) {
    expect(actual).toBeNull();
  } else {
    expect(actual).toBeCloseTo(expected, 12);
  }
}

describe('ConfusionMatrix', () => {
  it.each(labelMaps)('scores $classes classes as NumPy does', ({ classes, truths, predictions, expected }) => {
    const matrix = new ConfusionMatrix(classes);
    truths.forEach((truth, i) => {
      matrix.add(truth, predictions[i]);
    });
    const scores = matrix.scores();
    expectSame(scores.pixelAccuracy, expected.pixelAccuracy);
    expectSame(scores.meanAccuracy, expected.meanAccuracy);
    expectSame(scores.meanIou, expected.meanIou);
    scores.perClass.forEach(({ iou, accuracy }, k) => {
      expectSame(iou, expected.iou[k]);
      expectSame(accuracy, expected.accuracy[k]);
    });
    expect(scores.perClass).toHaveLength(classes);
  });

  it('is null where nothing is scored', () => {
    const matrix = new ConfusionMatrix(2);
    matrix.add([255], [1]);
    expect(matrix.scores()).toMatchObject({ pixelAccuracy: null, meanAccuracy: null, meanIou: null });
  });

  it('refuses other labels and other sizes', () => {
    const matrix = new ConfusionMatrix(2);
    expect(() => {
      matrix.add([0, 2], [0, 0]);
    }).toThrow(/holds the label 2, but there are 2 classes/);
    expect(() => {
      matrix.add([0], [-1]);
    }).toThrow(/holds the label -1/);
    expect(() => {
      matrix.add([0], [0, 0]);
    }).toThrow(/1 and 2 pixels/);
  });
});

describe('scoreLabelMaps', () => {
  const image = { id: 3, fileName: '', width: 5, height: 1 };
  const object = (id: number, categoryId: number, bits: number[], isCrowd = false): Annotation => ({
    id,
    imageId: 3,
    categoryId,
    box: [0, 0, 1, 1],
    area: 1,
    isCrowd,
    mask: rleEncode(bits, 1, 5),
  });
  const found = (categoryId: number, score: number, bits: number[]): Prediction => ({
    imageId: 3,
    categoryId,
    score,
    box: [0, 0, 1, 1],
    area: 1,
    mask: rleEncode(bits, 1, 5),
  });
  const dataset: Dataset = {
    images: [image, { ...image, id: 4 }],
    categories: [
      { id: 20, name: 'b' },
      { id: 7, name: 'a' },
    ],
    // 2 2 1 - 0 with 1 = category 7, 2 = category 20, - = crowd; the second image is background
    annotations: [object(1, 7, [0, 1, 1, 0, 0]), object(2, 20, [1, 1, 0, 0, 0]), object(3, 7, [0, 0, 1, 1, 0], true)],
  };

  it('paints later annotations and higher scores on top', () => {
    // 2 1 1 1 0: the better of the two at the second pixel is of category 7
    const scores = scoreLabelMaps(dataset, [found(7, 0.9, [0, 1, 1, 1, 0]), found(20, 0.2, [1, 1, 0, 0, 0])]);
    expect(scores).toMatchObject({
      pixelAccuracy: 8 / 9,
      meanIou: (1 + 1 / 2 + 1 / 2) / 3,
      meanAccuracy: (1 + 1 + 1 / 2) / 3,
      perClass: [
        { pixels: 6, iou: 1, accuracy: 1 },
        { pixels: 1, iou: 1 / 2, accuracy: 1 },
        { pixels: 2, iou: 1 / 2, accuracy: 1 / 2 },
      ],
    });
  });

  it('refuses objects without masks and masks of another size', () => {
    const without = { ...found(7, 1, [1, 0, 0, 0, 0]), mask: undefined };
    expect(() => scoreLabelMaps(dataset, [without])).toThrow(/image 3 has no "segmentation"/);
    const small = { ...without, mask: rleEncode([1], 1, 1) };
    expect(() => scoreLabelMaps(dataset, [small])).toThrow(/1 x 1 pixels, the image 5 x 1/);
  });
});
