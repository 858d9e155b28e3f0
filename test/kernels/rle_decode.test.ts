import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as reference from '../../src/eval/rle';
import { rleArea, rleBoundingBox, rleDecode, rleEncode, rleIou } from '../../src/kernels/rle';
import { dense } from '../../src/kernels/tensor';
import { expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';

interface Encoded {
  readonly h: number;
  readonly w: number;
  readonly counts: string;
  readonly area: number;
  readonly bbox: readonly number[];
}

interface Vectors {
  readonly poly_to_rle: readonly (Encoded & { readonly ann_id: number })[];
  readonly uncompressed_to_rle: readonly (Encoded & { readonly ann_id: number })[];
  readonly small_masks: readonly (Encoded & { readonly rows: readonly string[] })[];
  readonly iou: readonly { readonly ann_ids: number[]; readonly iscrowd: number[]; readonly mask_iou: number[][] }[];
}

const vectorsFile = resolve(import.meta.dirname, '../../../shared/data/eval/RLE_vectors_pycocotools.json');
const hasVectors = existsSync(vectorsFile);

/** Strings as the ops take them. `spare`: bytes after the last one. */
function packed(strings: readonly string[], count?: number, spare = 5): [TestTensor, TestTensor] {
  const text = strings.join('');
  const words = new Uint32Array(Math.ceil((text.length + spare) / 4));
  const bytes = new Uint8Array(words.buffer).fill(48);
  const ends = new Uint32Array(strings.length);
  let at = 0;
  strings.forEach((string, i) => {
    for (let j = 0; j < string.length; j++) {
      bytes[at++] = string.charCodeAt(j);
    }
    ends[i] = at;
  });
  return [
    { spec: dense([words.length], 'u32'), values: words },
    { spec: dense([strings.length], 'u32'), values: ends, ...(count === undefined ? {} : { count }) },
  ];
}

function rowMajor(columnMajor: Uint8Array, height: number, width: number): Uint32Array {
  return Uint32Array.from({ length: height * width }, (_, i) => {
    return columnMajor[(i % width) * height + Math.floor(i / width)];
  });
}

/** Some masks of very different kinds: blobs, stripes along both axes, noise, full, empty. */
function masksOf(height: number, width: number, seed: number): Uint32Array[] {
  const noise = formula(height * width, seed);
  const make = (value: (x: number, y: number, i: number) => boolean): Uint32Array => {
    return Uint32Array.from({ length: height * width }, (_, i) => Number(value(i % width, Math.floor(i / width), i)));
  };
  return [
    make((x, y) => Math.hypot(x / width - 0.4, y / height - 0.6) < 0.35),
    make((x, y) => Math.hypot(x / width - 0.8, y / height - 0.1) < 0.3),
    make((x) => x % 7 < 3),
    make((_, y) => y % 5 < 2),
    make((_x, _y, i) => noise[i] > 0.3),
    make((_x, _y, i) => noise[i] > 0.99),
    make(() => true),
    make(() => false),
    make((x, y) => x === width - 1 && y === height - 1),
    make((x, y) => x === 0 && y === 0),
    make((x) => 2 * x > width),
  ];
}

function rleOf(mask: Uint32Array, height: number, width: number): reference.Rle {
  const columns = Uint8Array.from({ length: mask.length }, (_, i) => {
    return mask[(i % height) * width + Math.floor(i / height)];
  });
  return reference.rleEncode(columns, height, width);
}

function flat(masks: readonly Uint32Array[], height: number, width: number): TestTensor {
  const values = new Uint32Array(masks.length * height * width);
  masks.forEach((mask, i) => values.set(mask, i * height * width));
  return { spec: dense([masks.length, height, width], 'u32'), values };
}

async function encodedStrings(masks: readonly Uint32Array[], height: number, width: number): Promise<string[]> {
  const [chars, ends, , , total] = await runOp(rleEncode, [flat(masks, height, width)], { capacityBytes: 1 << 17 });
  expect(total.values[0]).toBe(ends.values.at(-1) ?? 0);
  const bytes = new TextDecoder().decode(new Uint8Array(chars.values.buffer, chars.values.byteOffset, total.values[0]));
  return Array.from(ends.values, (end, i) => bytes.slice(i === 0 ? 0 : ends.values[i - 1], end));
}

const SIZES: [number, number][] = [
  [1, 1],
  [1, 50],
  [37, 1],
  [13, 29],
  [64, 64],
  [130, 210],
];

describe.each(SIZES)('masks of %i x %i', (height, width) => {
  const masks = masksOf(height, width, height);
  const rles = masks.map((mask) => rleOf(mask, height, width));
  const strings = rles.map(reference.rleToString);
  const size = { height, width };

  test('encoded and decoded', async () => {
    expect(await encodedStrings(masks, height, width)).toEqual(strings);
    const [decoded] = await runOp(rleDecode, packed(strings), size);
    expectSame(decoded.values, flat(masks, height, width).values);
  });

  test('areas and boxes', async () => {
    const [areas] = await runOp(rleArea, packed(strings), size);
    expectSame(areas.values, rles.map(reference.rleArea));
    const [boxes] = await runOp(rleBoundingBox, packed(strings), size);
    expectSame(boxes.values, rles.flatMap(reference.rleToBbox));
  });

  test('IoU, to the last bit', async () => {
    const shifted = masksOf(height, width, height + 1)
      .slice(0, 7)
      .reverse();
    const rlesB = shifted.map((mask) => rleOf(mask, height, width));
    const crowd = rlesB.map((_, i) => i % 2 === 1);
    const inputs = [
      ...packed(strings),
      ...packed(rlesB.map(reference.rleToString)),
      { spec: dense([crowd.length], 'u32'), values: Uint32Array.from(crowd, Number) },
    ];
    const [iou] = await runOp(rleIou, inputs, size);
    expectSame(iou.values, Float32Array.from(reference.rleIou(rles, rlesB, crowd)));
  });
});

test('no masks at all, and masks that do not count', async () => {
  const size = { height: 13, width: 29 };
  const masks = masksOf(13, 29, 3);
  const strings = masks.map((mask) => reference.rleToString(rleOf(mask, 13, 29)));
  expect((await runOp(rleDecode, packed([]), size))[0].values.length).toBe(0);
  expect((await runOp(rleArea, packed([]), size))[0].values.length).toBe(0);
  const nothing = { spec: dense([0], 'u32'), values: new Uint32Array(0) };
  expect((await runOp(rleIou, [...packed(strings), ...packed([]), nothing], size))[0].values.length).toBe(0);
  const [areas] = await runOp(rleArea, packed(strings, 3), size);
  const expected = masks.map((mask, i) => (i < 3 ? mask.reduce((a, b) => a + b, 0) : 0));
  expectSame(areas.values, expected);
  const [decoded] = await runOp(rleDecode, packed(strings, 3), size);
  expectSame(
    decoded.values,
    flat(
      masks.map((mask, i) => (i < 3 ? mask : mask.fill(0))),
      13,
      29,
    ).values,
  );
});

test('inputs that do not fit are refused', () => {
  const size = { height: 8, width: 8 };
  expect(() => rleDecode.infer([dense([4]), dense([1], 'u32')], size)).toThrow(/chars and ends are f32 \[4\]/);
  expect(() => rleArea.infer([dense([4], 'u32'), dense([1], 'u32')], { height: 0, width: 8 })).toThrow(/0 x 8 pixels/);
  const strings = [dense([4], 'u32'), dense([2], 'u32')];
  expect(() => rleIou.infer([...strings, ...strings, dense([3], 'u32')], size)).toThrow(/crowd is u32 \[3\]/);
  expect(() => rleEncode.infer([dense([1, 8, 8], 'u32')], { capacityBytes: 6 })).toThrow(/capacityBytes is 6/);
});

describe.skipIf(!hasVectors)(`pycocotools' own vectors${hasVectors ? '' : ' (shared/data/eval is absent)'}`, () => {
  const vectors = hasVectors ? (JSON.parse(readFileSync(vectorsFile, 'utf8')) as Vectors) : ({} as Vectors);

  test('small masks', async () => {
    for (const { h, w, rows, counts, area, bbox } of vectors.small_masks) {
      const mask = Uint32Array.from(rows.join(''), Number);
      expect(await encodedStrings([mask], h, w)).toEqual([counts]);
      const size = { height: h, width: w };
      const [decoded] = await runOp(rleDecode, packed([counts]), size);
      expectSame(decoded.values, mask);
      expectSame((await runOp(rleArea, packed([counts]), size))[0].values, [area]);
      expectSame((await runOp(rleBoundingBox, packed([counts]), size))[0].values, bbox);
    }
  });

  test('annotations', async () => {
    const sizes = new Map<string, Encoded[]>();
    for (const encoded of [...vectors.poly_to_rle, ...vectors.uncompressed_to_rle]) {
      const key = `${encoded.h} ${encoded.w}`;
      sizes.set(key, [...(sizes.get(key) ?? []), encoded]);
    }
    const groups = [...sizes.values()];
    for (const [index, group] of groups.entries()) {
      const size = { height: group[0].h, width: group[0].w };
      const strings = group.map(({ counts }) => counts);
      const [areas] = await runOp(rleArea, packed(strings), size);
      expectSame(
        areas.values,
        group.map(({ area }) => area),
      );
      const [boxes] = await runOp(rleBoundingBox, packed(strings), size);
      expectSame(
        boxes.values,
        group.flatMap(({ bbox }) => bbox),
      );
      if (index % 8 === 0) {
        const few = strings.slice(0, 3);
        const [decoded] = await runOp(rleDecode, packed(few), size);
        const expected = few.map((string) => {
          const mask = reference.rleDecode(reference.rleFromString(string, size.height, size.width));
          return rowMajor(mask, size.height, size.width);
        });
        expectSame(decoded.values, flat(expected, size.height, size.width).values);
        expect(await encodedStrings(expected, size.height, size.width)).toEqual(few);
      }
    }
  });

  test('IoU', async () => {
    const byId = new Map([...vectors.poly_to_rle, ...vectors.uncompressed_to_rle].map((e) => [e.ann_id, e]));
    let compared = 0;
    for (const { ann_ids, iscrowd, mask_iou } of vectors.iou) {
      const masks = ann_ids.map((id) => byId.get(id)).filter((e) => e !== undefined);
      if (masks.length < ann_ids.length) {
        continue;
      }
      const strings = packed(masks.map(({ counts }) => counts));
      const crowd = { spec: dense([iscrowd.length], 'u32'), values: Uint32Array.from(iscrowd) };
      const [iou] = await runOp(rleIou, [...strings, ...strings, crowd], { height: masks[0].h, width: masks[0].w });
      expectSame(iou.values, Float32Array.from(mask_iou.flat()));
      compared++;
    }
    expect(compared).toBeGreaterThan(3);
  });
});
