import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors';
import type { Rle, XywhBox } from '../../src/eval/rle';
import {
  boxIou,
  rleArea,
  rleDecode,
  rleEncode,
  rleFromCounts,
  rleFromPolygon,
  rleFromPolygons,
  rleFromSegmentation,
  rleFromString,
  rleIou,
  rleMerge,
  rleToBbox,
  rleToString,
} from '../../src/eval/rle';

interface Encoded {
  h: number;
  w: number;
  counts: string;
  area: number;
  bbox: number[];
}

interface Vectors {
  poly_to_rle: (Encoded & { ann_id: number; polygons: number[][] })[];
  uncompressed_to_rle: (Encoded & { ann_id: number; counts_list: number[] })[];
  small_masks: (Encoded & { rows: string[]; counts_list: number[] })[];
  iou: { image_id: number; ann_ids: number[]; iscrowd: number[]; mask_iou: number[][]; bbox_iou: number[][] }[];
  merge: { image_id: number; ann_ids: number[]; union: string; intersect: string }[];
}

interface Annotations {
  images: { id: number; height: number; width: number }[];
  annotations: {
    id: number;
    image_id: number;
    bbox: [number, number, number, number];
    segmentation: number[][] | { size: [number, number]; counts: number[] };
  }[];
}

const evalData = resolve(import.meta.dirname, '../../../shared/data/eval');
const hasVectors = existsSync(evalData);

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(evalData, name), 'utf8')) as T;
}

function expectEncoded(rle: Rle, expected: Encoded): void {
  expect(rleToString(rle)).toBe(expected.counts);
  expect(rleArea(rle)).toBe(expected.area);
  expect(rleToBbox(rle)).toEqual(expected.bbox);
  const read = rleFromString(expected.counts, expected.h, expected.w);
  expect(read.counts).toEqual(rle.counts);
  const mask = rleDecode(read);
  expect(mask.reduce((sum, value) => sum + value, 0)).toBe(expected.area);
  expect(rleEncode(mask, expected.h, expected.w).counts).toEqual(rle.counts);
}

function columnMajor(rows: readonly string[], width: number): number[] {
  return Array.from({ length: rows.length * width }, (_, i) =>
    Number(rows[i % rows.length][Math.floor(i / rows.length)]),
  );
}

function expectClose(actual: Float64Array, expected: number[][]): void {
  const flat = expected.flat();
  expect(actual.length).toBe(flat.length);
  flat.forEach((value, i) => {
    expect(Math.abs(actual[i] - value) <= 1e-15 * Math.max(1, value)).toBe(true);
  });
}

describe.skipIf(!hasVectors)('RLE against pycocotools (needs ../shared/data/eval)', () => {
  const vectors = hasVectors ? readJson<Vectors>('RLE_vectors_pycocotools.json') : undefined;
  const coco = hasVectors ? readJson<Annotations>('cocoapi/instances_val2014_100.json') : undefined;
  const sizes = new Map(coco?.images.map((image) => [image.id, image]));
  const annotations = new Map(coco?.annotations.map((annotation) => [annotation.id, annotation]));

  function masksOf(ids: readonly number[]): Rle[] {
    return ids.map((id) => {
      const annotation = annotations.get(id)!;
      const { height, width } = sizes.get(annotation.image_id)!;
      return rleFromSegmentation(annotation.segmentation, height, width);
    });
  }

  it('has the 519 vectors', () => {
    expect(Object.values(vectors!).reduce((sum, list: unknown[]) => sum + list.length, 0)).toBe(519);
  });

  it('rasterises polygons', () => {
    for (const vector of vectors!.poly_to_rle) {
      expectEncoded(rleFromPolygons(vector.polygons, vector.h, vector.w), vector);
    }
  });

  it('compresses lists of counts', () => {
    for (const vector of vectors!.uncompressed_to_rle) {
      expectEncoded(rleFromCounts(vector.counts_list, vector.h, vector.w), vector);
    }
  });

  it('encodes small masks', () => {
    for (const vector of vectors!.small_masks) {
      const rle = rleEncode(columnMajor(vector.rows, vector.w), vector.h, vector.w);
      expect([...rle.counts]).toEqual(vector.counts_list);
      expectEncoded(rle, vector);
    }
  });

  it('computes IoU of masks and boxes', () => {
    for (const vector of vectors!.iou) {
      const masks = masksOf(vector.ann_ids);
      const boxes = vector.ann_ids.map((id): XywhBox => annotations.get(id)!.bbox);
      const crowd = vector.iscrowd.map((flag) => flag === 1);
      expectClose(rleIou(masks, masks, crowd), vector.mask_iou);
      expectClose(boxIou(boxes, boxes, crowd), vector.bbox_iou);
    }
  });

  it('merges', () => {
    for (const vector of vectors!.merge) {
      const masks = masksOf(vector.ann_ids);
      expect(rleToString(rleMerge(masks))).toBe(vector.union);
      // The vectors' intersection is that of the first two masks, their union that of all.
      expect(rleToString(rleMerge(masks.slice(0, 2), true))).toBe(vector.intersect);
    }
  });
});

const maskPair = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([height, width]) => {
  const bits = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width });
  return fc.record({ height: fc.constant(height), width: fc.constant(width), a: bits, b: bits });
});

describe('RLE against plain pixel counting', () => {
  it('round-trips any mask through the string', () => {
    fc.assert(
      fc.property(maskPair, ({ height, width, a }) => {
        const text = rleToString(rleEncode(a, height, width));
        expect([...rleDecode(rleFromString(text, height, width))]).toEqual(a);
      }),
    );
  });

  it('has IoU (also of a crowd), union, intersection and box as pixels give them', () => {
    fc.assert(
      fc.property(maskPair, ({ height, width, a, b }) => {
        const [ra, rb] = [rleEncode(a, height, width), rleEncode(b, height, width)];
        const both = a.map((value, i) => value & b[i]);
        const either = a.map((value, i) => value | b[i]);
        const count = (mask: readonly number[]): number => mask.reduce((sum, value) => sum + value, 0);
        expect([...rleDecode(rleMerge([ra, rb]))]).toEqual(either);
        expect([...rleDecode(rleMerge([ra, rb], true))]).toEqual(both);
        expect(rleIou([ra], [rb, rb], [false, true])).toEqual(
          Float64Array.of(
            count(both) === 0 ? 0 : count(both) / count(either),
            count(both) === 0 ? 0 : count(both) / count(a),
          ),
        );
        const xs = a.flatMap((value, i) => (value === 1 ? [Math.floor(i / height)] : []));
        const ys = a.flatMap((value, i) => (value === 1 ? [i % height] : []));
        const box = [Math.min(...xs), Math.min(...ys)];
        expect(rleToBbox(ra)).toEqual(
          xs.length === 0 ? [0, 0, 0, 0] : [...box, Math.max(...xs) - box[0] + 1, Math.max(...ys) - box[1] + 1],
        );
      }),
    );
  });

  it('encodes numbers of several groups, and long strings', () => {
    const large = rleFromCounts([0, 16384, 16384 * 8191], 8192, 16384);
    expect([...rleFromString(rleToString(large), 8192, 16384).counts]).toEqual([0, 16384, 16384 * 8191]);
    const checkered = Uint8Array.from({ length: 400_001 }, (_, i) => i % 2);
    const decoded = rleDecode(rleFromString(rleToString(rleEncode(checkered, 400_001, 1)), 400_001, 1));
    expect(Buffer.compare(decoded, checkered)).toBe(0);
  });

  it('rasterises a rectangle on whole pixels exactly, and clips one outside the image', () => {
    expect(rleToBbox(rleFromPolygon([2, 1, 5, 1, 5, 3, 2, 3], 6, 8))).toEqual([2, 1, 3, 2]);
    expect(rleArea(rleFromPolygon([2, 1, 5, 1, 5, 3, 2, 3], 6, 8))).toBe(6);
    expect(rleArea(rleFromPolygon([-9, -9, 99, -9, 99, 99, -9, 99], 6, 8))).toBe(48);
    expect(rleArea(rleFromPolygon([20, 20, 30, 20, 30, 30], 6, 8))).toBe(0);
    expect(rleArea(rleFromPolygons([], 6, 8))).toBe(0);
  });

  it('refuses what is no RLE or polygon, saying why', () => {
    expect(() => rleFromString('5 5', 2, 5)).toThrow(/character " " at position 1/);
    expect(() => rleFromString('Z', 2, 5)).toThrow(InputError);
    expect(() => rleFromString('oooooooooooo', 2, 5)).toThrow(/more than 35 bits/);
    expect(() => rleFromString('55', 2, 4)).toThrow(/add up to 10 pixels, but size \[2, 4\] has 8/);
    expect(() => rleFromCounts([3, -1, 8], 2, 5)).toThrow(/count 1 is -1/);
    expect(() => rleFromCounts([3, 1.5, 5.5], 2, 5)).toThrow(InputError);
    expect(() => rleFromPolygon([1, 2, 3, 4], 5, 5)).toThrow(/4 numbers/);
    expect(() => rleFromPolygon([1, 2, 3, 4, 5, Number.NaN], 5, 5)).toThrow(/coordinate NaN/);
    expect(() => rleIou([rleFromCounts([4], 2, 2)], [rleFromCounts([6], 2, 3)], [])).toThrow(/different sizes/);
    expect(() => rleMerge([])).toThrow(RangeError);
  });
});
