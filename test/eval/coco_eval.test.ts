import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors';
import { evaluateCoco, evaluateCocoWith, type CocoType } from '../../src/eval/coco_eval/evaluate';
import { RECALL_THRESHOLDS } from '../../src/eval/coco_eval/parameters';
import { cocoLines, threeDecimals, type CocoFigures } from '../../src/eval/coco_eval/summarize';
import type { Annotation, Dataset, Prediction } from '../../src/eval/dataset';
import { maskIouOnCpu } from '../../src/eval/mask_iou';
import { rleArea, rleEncode, rleFromString, rleToBbox, type XywhBox } from '../../src/eval/rle';

interface Expected {
  readonly figures: CocoFigures;
  readonly perClass: Readonly<Record<string, CocoFigures>>;
  /** Precision at IoU 0.50 and 0.75 of one category. */
  readonly curves: Readonly<Record<string, readonly (readonly number[])[]>>;
}

interface Case {
  readonly maxDets: number[];
  readonly dataset: {
    images: { id: number; file_name: string }[];
    categories: { id: number; name: string }[];
    annotations: {
      id: number;
      image_id: number;
      category_id: number;
      segmentation: string;
      bbox: XywhBox;
      area: number;
      iscrowd: 0 | 1;
    }[];
  };
  readonly results: { image_id: number; category_id: number; segmentation: string; score: number; bbox?: XywhBox }[];
  readonly expected: Readonly<Record<CocoType, Expected>>;
}

/** test/reference/eval/coco_eval.py made it with pycocotools. */
const { height, width, cases } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../reference/fixtures/coco_eval.json'), 'utf8'),
) as { height: number; width: number; cases: Case[] };

function datasetOf({ dataset }: Case): Dataset {
  return {
    images: dataset.images.map(({ id, file_name }) => ({ id, fileName: file_name, width, height })),
    categories: dataset.categories,
    annotations: dataset.annotations.map((annotation) => ({
      id: annotation.id,
      imageId: annotation.image_id,
      categoryId: annotation.category_id,
      box: annotation.bbox,
      area: annotation.area,
      isCrowd: annotation.iscrowd === 1,
      mask: rleFromString(annotation.segmentation, height, width),
    })),
  };
}

function predictionsOf({ results }: Case): Prediction[] {
  return results.map(({ image_id, category_id, segmentation, score, bbox }) => {
    const mask = rleFromString(segmentation, height, width);
    const area = bbox === undefined ? rleArea(mask) : bbox[2] * bbox[3];
    return { imageId: image_id, categoryId: category_id, score, box: bbox ?? rleToBbox(mask), area, mask };
  });
}

function expectFigures(actual: CocoFigures, expected: CocoFigures): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    if (value === null) {
      expect(actual[name], name).toBeNull();
    } else {
      expect(Math.abs(actual[name]! - value), name).toBeLessThan(1e-12);
    }
  }
}

describe.each(cases.map((example, seed) => ({ seed, example })))('random dataset $seed', ({ example }) => {
  it.each(['bbox', 'segm'] as const)('has the figures of pycocotools: %s', (type) => {
    const evaluation = evaluateCoco(datasetOf(example), predictionsOf(example), { type, maxDets: example.maxDets });
    const expected = example.expected[type];
    expectFigures(evaluation.figures, expected.figures);
    expect(evaluation.perClass.map(({ id }) => String(id))).toEqual(Object.keys(expected.perClass));
    for (const { id, name, figures } of evaluation.perClass) {
      expect(name).toBe(`class ${id}`);
      expectFigures(figures, expected.perClass[id]);
    }
    const recalls = RECALL_THRESHOLDS.length;
    for (const [id, rows] of Object.entries(expected.curves)) {
      const category = evaluation.categoryIds.indexOf(Number(id));
      [0, 5].forEach((threshold, row) => {
        const area = 0;
        const first = ((category * 4 + area) * example.maxDets.length + example.maxDets.length - 1) * 10 + threshold;
        const curve = evaluation.precision.slice(first * recalls, (first + 1) * recalls);
        curve.forEach((value, i) => {
          expect(value).toBeCloseTo(rows[row][i], 8);
        });
      });
    }
  });
});

const IMAGE = { id: 5, fileName: 'a.png', width: 10, height: 10 };
const square = (size: number): ReturnType<typeof rleEncode> =>
  rleEncode(
    Array.from({ length: 100 }, (_, i) => Number(i % 10 < size && i < 10 * size)),
    10,
    10,
  );

function object(id: number, size: number): Annotation {
  const box: XywhBox = [0, 0, size, size];
  return { id, imageId: 5, categoryId: 1, box, area: size * size, isCrowd: false, mask: square(size) };
}

function found(size: number, score: number): Prediction {
  return { imageId: 5, categoryId: 1, score, box: [0, 0, size, size], area: size * size, mask: square(size) };
}

const plain: Dataset = { images: [IMAGE], categories: [{ id: 1, name: 'nut' }], annotations: [object(1, 4)] };

describe('evaluateCoco', () => {
  it('takes mask IoU from elsewhere', async () => {
    const example = cases[0];
    const [dataset, predictions] = [datasetOf(example), predictionsOf(example)];
    let jobs = 0;
    const counted = (list: Parameters<typeof maskIouOnCpu>[0]): Promise<Float64Array[]> => {
      jobs += list.length;
      return Promise.resolve(maskIouOnCpu(list));
    };
    const options = { type: 'segm' } as const;
    expect(await evaluateCocoWith(counted, dataset, predictions, options)).toEqual(
      evaluateCoco(dataset, predictions, options),
    );
    expect(jobs).toBeGreaterThan(0);
  });

  it('is null throughout without objects, and zero without predictions', () => {
    const nothing = evaluateCoco({ ...plain, annotations: [] }, [], { type: 'bbox' });
    expect(new Set(Object.values(nothing.figures))).toEqual(new Set([null]));
    const missed = evaluateCoco(plain, [], { type: 'segm' });
    expect(missed.figures).toMatchObject({ AP: 0, AP50: 0, APs: 0, APm: null, AR100: 0, ARs: 0 });
  });

  it('counts an overlap that lies exactly on a threshold', () => {
    // 3 of 4 rows: IoU 0.75, by box and by mask
    const part = { ...found(4, 0.9), box: [0, 0, 4, 3] as const, mask: rleEncode(rows(3), 10, 10) };
    for (const type of ['bbox', 'segm'] as const) {
      const { figures } = evaluateCoco(plain, [part], { type });
      expect(figures.AP75).toBeCloseTo(1, 12);
      expect(figures.AP).toBeCloseTo(0.6, 12);
    }
  });

  it('tells which images have more than the last max-dets', () => {
    const predictions = [found(4, 0.9), found(4, 0.8), found(3, 0.7)];
    const { saturated } = evaluateCoco(plain, predictions, { type: 'bbox', maxDets: [2, 1] });
    expect(saturated).toEqual([{ imageId: 5, categoryId: 1, objects: 1, detections: 3 }]);
    expect(evaluateCoco(plain, predictions, { type: 'bbox', maxDets: [3] }).saturated).toEqual([]);
  });

  it('refuses unknown images, missing masks, masks of another size and impossible limits', () => {
    const evaluate = (predictions: Prediction[], type: CocoType, maxDets?: number[]) => () =>
      evaluateCoco(plain, predictions, { type, maxDets });
    expect(evaluate([{ ...found(4, 1), imageId: 6 }], 'bbox')).toThrow(/predictions\[0\] is for image 6/);
    expect(evaluate([{ ...found(4, 1), mask: undefined }], 'segm')).toThrow(/predictions\[0\] has no "segmentation"/);
    const small = { ...found(4, 1), mask: { height: 2, width: 2, counts: Uint32Array.of(4) } };
    expect(evaluate([small], 'segm')).toThrow(InputError);
    expect(evaluate([], 'bbox', [0])).toThrow(/max-dets has 0/);
    expect(evaluate([], 'bbox', [])).toThrow(/max-dets has no number/);
    const withoutMask = { ...plain, annotations: [{ ...object(3, 2), mask: undefined }] };
    expect(() => evaluateCoco(withoutMask, [], { type: 'segm' })).toThrow(/annotation 3 has no "segmentation"/);
  });
});

function rows(count: number): number[] {
  return Array.from({ length: 100 }, (_, i) => Number(i % 10 < count && i < 40));
}

describe('cocoLines', () => {
  it('prints as pycocotools does', () => {
    const lines = cocoLines(evaluateCoco(plain, [found(4, 0.9)], { type: 'bbox', maxDets: [1, 10, 100] }));
    expect(lines).toHaveLength(12);
    expect(lines[1]).toBe(' Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000');
    expect(lines[4]).toBe(' Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000');
    expect(lines[6]).toBe(' Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 1.000');
  });

  it('rounds ties to even', () => {
    expect([0.0625, 0.1875, 0.5, 0.9375, -1, 0.31954].map(threeDecimals)).toEqual(
      ['0.062', '0.188', '0.500', '0.938', '-1.000', '0.320'], // as Python's '{:0.3f}'
    );
  });
});
