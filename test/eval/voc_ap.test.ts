import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dataset, Prediction } from '../../src/eval/dataset';
import { rleEncode, type XywhBox } from '../../src/eval/rle';
import { averagePrecision, evaluateVoc, type VocPoints } from '../../src/eval/voc_ap';

type InclusiveBox = readonly [number, number, number, number];

interface Scene {
  objects: { image: number; label: number; box: InclusiveBox; difficult: 0 | 1 }[];
  detections: { image: number; label: number; box: InclusiveBox; score: number }[];
  /** AP by IoU threshold, points and label. */
  expected: Record<string, Record<VocPoints, Record<string, number>>>;
}

/** test/reference/eval/voc.py made it. */
const { scenes } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../reference/fixtures/voc.json'), 'utf8')) as {
  scenes: Scene[];
};

const xywh = ([x1, y1, x2, y2]: InclusiveBox): XywhBox => [x1 - 1, y1 - 1, x2 - x1 + 1, y2 - y1 + 1];

function datasetOf({ objects }: Scene): Dataset {
  return {
    images: [0, 1, 2, 3, 4].map((id) => ({ id, fileName: '', width: 0, height: 0 })),
    categories: [3, 1, 2].map((id) => ({ id, name: `class ${id}` })),
    annotations: objects.map(({ image, label, box, difficult }, id) => ({
      id,
      imageId: image,
      categoryId: label,
      box: xywh(box),
      area: 1,
      // crowds are ignored as difficult objects are
      isCrowd: difficult === 1 && id % 2 === 0,
      isDifficult: difficult === 1,
    })),
  };
}

const predictionsOf = ({ detections }: Scene): Prediction[] =>
  detections.map(({ image, label, box, score }) => ({
    imageId: image,
    categoryId: label,
    score,
    box: xywh(box),
    area: 1,
  }));

describe.each(scenes.map((scene, seed) => ({ scene, seed })))('VOC AP of random scene $seed', ({ scene }) => {
  it.each([0.5, 0.7])('agrees with the definition at IoU %d', (iou) => {
    for (const points of ['all', '11'] as const) {
      const { mean, perClass } = evaluateVoc(datasetOf(scene), predictionsOf(scene), { type: 'bbox', points, iou });
      const expected = scene.expected[iou][points];
      expect(perClass.map(({ id }) => id)).toEqual([1, 2, 3]);
      for (const { id, ap } of perClass) {
        expect(ap).toBeCloseTo(expected[id], 12);
      }
      expect(mean).toBeCloseTo((expected[1] + expected[2] + expected[3]) / 3, 12);
    }
  });
});

describe('evaluateVoc', () => {
  it('compares masks, and has no AP for a class without objects', () => {
    const mask = rleEncode([1, 1, 1, 0], 2, 2);
    const dataset: Dataset = {
      images: [{ id: 1, fileName: '', width: 2, height: 2 }],
      categories: [
        { id: 1, name: 'nut' },
        { id: 2, name: 'bolt' },
      ],
      annotations: [{ id: 1, imageId: 1, categoryId: 1, box: [0, 0, 2, 2], area: 3, isCrowd: false, mask }],
    };
    const found = { imageId: 1, categoryId: 1, score: 1, box: [0, 0, 1, 1], area: 1, mask } as const;
    expect(evaluateVoc(dataset, [found], { type: 'segm' })).toMatchObject({
      mean: 1,
      perClass: [
        { objects: 1, ap: 1, recall: Float64Array.of(1), precision: Float64Array.of(1) },
        { objects: 0, ap: null },
      ],
    });
    expect(evaluateVoc(dataset, [found], { type: 'bbox' }).mean).toBe(0);
    expect(evaluateVoc({ ...dataset, annotations: [] }, [], { type: 'bbox' }).mean).toBeNull();
  });
});

describe('averagePrecision', () => {
  // Recall 1/3, 2/3, 2/3, 1 at precision 1, 1, 2/3, 3/4
  const [recall, precision] = [
    [1 / 3, 2 / 3, 2 / 3, 1],
    [1, 1, 2 / 3, 3 / 4],
  ];

  it('is the area below the envelope, or its mean at 11 recalls', () => {
    expect(averagePrecision(recall, precision)).toBeCloseTo(2 / 3 + 1 / 4, 14);
    // 0 to 0.6 have precision 1, 0.7 to 1 have 3/4
    expect(averagePrecision(recall, precision, '11')).toBeCloseTo((7 + 4 * 0.75) / 11, 14);
    expect(averagePrecision([], [])).toBe(0);
  });
});
