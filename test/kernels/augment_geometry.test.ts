import { describe, expect, test } from 'vitest';
import { addNoise, NOISE_KEY } from '../../src/kernels/augment/add_noise';
import { blurImage } from '../../src/kernels/augment/blur_image';
import { packEffects, type Effects } from '../../src/kernels/augment/effects';
import { packGeometry, plainGeometry, type Affine, type Geometry } from '../../src/kernels/augment/geometry';
import { keepObjects } from '../../src/kernels/augment/keep_objects';
import { warpImage } from '../../src/kernels/augment/warp_image';
import { warpMasks } from '../../src/kernels/augment/warp_masks';
import { dense, featureMap } from '../../src/kernels/tensor';
import { philox } from '../../src/data/synth/random';
import { maskBox, sampleObjects, unpackMasks, wholeMask } from '../helpers/bit_masks';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';

interface Warp {
  kind: 'warp';
  source: [number, number];
  size: [number, number];
  matrix: Affine;
  flips: [boolean, boolean];
  border: Geometry['border'];
  objects: number;
  mean: number[];
  std: number[];
  seed: number;
  /** Every step-th pixel is stored. */
  step: number;
}

interface Blur {
  kind: 'blur';
  size: [number, number];
  padded: [number, number];
  sigma: number;
  seed: number;
  step: number;
}

const CASES = fixtures<Warp | Blur>('augment_geometry');

function words(values: ArrayLike<number>, ...shape: number[]): TestTensor {
  return { spec: dense(shape.length > 0 ? shape : [values.length], 'u32'), values: Uint32Array.from(values) };
}

function geometryOf({ source, size, flips, matrix, border }: Warp): Geometry {
  const [height, width] = source;
  const resized = { height: size[0], width: size[1] };
  return { ...plainGeometry({ height, width }, resized, { x: flips[0], y: flips[1] }), matrix, border, plain: false };
}

describe.each(DEVICES)('warps, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of CASES) {
    if (attributes.kind !== 'warp') {
      continue;
    }
    const { source, size, mean, std, seed, step, objects } = attributes;
    const geometry = words(packGeometry(geometryOf(attributes)));
    const near = unpackMasks(outputs.near.data, 1, size[0] * size[1])[0];

    test(`image ${name}`, async () => {
      const bytes = new Uint8Array(Math.ceil((source[0] * source[1] * 3) / 4) * 4);
      bytes.set(Uint8Array.from(formula(source[0] * source[1] * 3, seed), (v) => Math.floor((v + 1) * 128)));
      const pixels = words(new Uint32Array(bytes.buffer));
      const [height, width] = [size[0] + 3, size[1] + 5];
      const settings = { height, width, mean, std };
      const [y] = await runOp(asOn(warpImage, changes), [pixels, geometry, null], settings);
      const pixel = (x: number, row: number) =>
        Array.from(y.values.subarray((row * width + x) * 3, (row * width + x) * 3 + 3));
      const inside = Array.from({ length: Math.ceil((size[0] * size[1]) / step) }, (_, i) => i * step);
      const rows = inside.map((i) => pixel(i % size[1], Math.floor(i / size[1])));
      // at the edge of the source the colour of the border begins
      const steady = inside.map((i) => attributes.border === 'edge' || near[i] === 0);
      const kept = (_: unknown, i: number): boolean => steady[Math.floor(i / 3)];
      expect(steady.filter(Boolean).length).toBeGreaterThan(inside.length * 0.9);
      expectClose(rows.flat().filter(kept), Array.from(outputs.y.data).filter(kept), 1e-4, name);
      expectSame(pixel(size[1], 0), [0, 0, 0], 'padding');
      expectSame(pixel(0, size[0]), [0, 0, 0], 'padding');
    });

    test(`masks ${name}`, async () => {
      const masks = sampleObjects(unpackMasks(inputs.masks.data, objects, source[0] * source[1]), source[1]);
      // rectangles of the whole image, and of an object that is left out
      const rowWords = Math.ceil(size[1] / 32);
      const all = rowWords * size[0];
      const targets = masks.labels.reduce<number[][]>(
        (list, _, g) => [
          ...list,
          g === 1 ? [0, 0, 0, 0, g * all] : [0, 0, rowWords, size[0], (g > 1 ? g - 1 : g) * all],
        ],
        [],
      );
      const placements = words(targets.flat(), objects, 5);
      const count = words([objects]);
      const [warped, extents] = await runOp(
        asOn(warpMasks, changes),
        [words(masks.placements, objects, 5), placements, count, words(masks.words), geometry],
        { words: all * objects },
      );
      const expected = unpackMasks(outputs.masks.data, objects, size[0] * size[1]);
      for (let g = 0; g < objects; g++) {
        const found = wholeMask(placements.values, warped.values, g, size);
        const wanted = expected[g].map((bit, i) => (g === 1 ? 0 : near[i] === 1 ? found[i] : bit));
        expectSame(found, wanted, `${name}: mask ${g}`);
        const extent = Array.from(extents.values.subarray(g * 5, g * 5 + 5));
        expectSame(
          extent,
          [...maskBox(found, size[1]), found.reduce((sum, bit) => sum + bit, 0)],
          `${name}: extent ${g}`,
        );
      }
      const boxes = { spec: dense([objects, 4]), values: new Float32Array(objects * 4).fill(7) };
      const extent = { spec: extents.spec, values: extents.values };
      const remaining = [boxes, words(masks.placements, objects, 5), count, extent, geometry];
      const [kept, indices, keptCount] = await runOp(asOn(keepObjects, changes), remaining, {});
      const left = Array.from(masks.labels.keys()).filter((g) => extents.values[g * 5 + 4] > 0);
      expectSame(keptCount.values, [left.length]);
      expectSame(Array.from(indices.values).slice(0, left.length), left);
      expectSame(
        Array.from(kept.values).slice(0, left.length * 4),
        left.flatMap((g) => Array.from(extents.values.subarray(g * 5, g * 5 + 4))),
      );
    });
  }
});

test('objects that are too small, and those without a mask', async () => {
  const geometry = plainGeometry({ height: 9, width: 9 }, { height: 9, width: 9 });
  const sources = [...[0, 0, 1, 1, 0], ...[0, 0, 1, 1, 0], ...[0, 0, 0, 0, 0], ...[0, 0, 0, 0, 0], ...[0, 0, 1, 1, 0]];
  const extents = [...[1, 2, 3, 4, 2], ...[1, 2, 6, 4, 3], ...[0, 0, 0, 0, 0], ...[0, 0, 0, 0, 0], ...[4, 4, 5, 9, 4]];
  const boxes = [...[1, 1, 1, 1], ...[2, 2, 2, 2], ...[3, 3, 3.5, 4], ...[4, 4, 4, 5], ...[5, 5, 5, 5]];
  for (const plain of [true, false]) {
    const [kept, indices, count] = await runOp(
      keepObjects,
      [
        { spec: dense([5, 4]), values: Float32Array.from(boxes) },
        words(sources, 5, 5),
        words([5]),
        words(extents, 5, 5),
        words(packGeometry({ ...geometry, plain, minPixels: 3 })),
      ],
      {},
    );
    expectSame(count.values, [3]);
    expectSame(indices.values, [1, 2, 4, 0, 0]);
    const own = plain
      ? [
          [2, 2, 2, 2],
          [5, 5, 5, 5],
        ]
      : [
          [1, 2, 6, 4],
          [4, 4, 5, 9],
        ];
    expectSame(kept.values, [...own[0], 3, 3, 3.5, 4, ...own[1], 0, 0, 0, 0, 0, 0, 0, 0]);
  }
});

function imageOf([height, width]: readonly number[], padded: readonly number[], seed: number): TestTensor {
  const values = new Float32Array(padded[0] * padded[1] * 3);
  const inside = formula(height * width * 3, seed);
  for (let row = 0; row < height; row++) {
    values.set(inside.subarray(row * width * 3, (row + 1) * width * 3), row * padded[1] * 3);
  }
  return { spec: featureMap([1, padded[0], padded[1], 3]), values };
}

function sizeOf([height, width]: readonly number[]): TestTensor {
  return words(packGeometry(plainGeometry({ height, width }, { height, width })));
}

const QUIET: Effects = { sigma: 0, deviation: 0, seed: 3, step: 4, index: 5 };

describe('blur as torchvision', () => {
  for (const { name, attributes, outputs } of CASES) {
    if (attributes.kind === 'blur') {
      test(name, async () => {
        const { size, padded, sigma, seed, step } = attributes;
        const effects = words(packEffects({ ...QUIET, sigma }));
        const [y] = await runOp(blurImage, [imageOf(size, padded, seed), sizeOf(size), effects], {}, { stored: true });
        const inside = (i: number): boolean => i % padded[1] < size[1] && Math.floor(i / padded[1]) < size[0];
        const found: number[] = [];
        let pixels = 0;
        for (let i = 0; i < padded[0] * padded[1]; i++) {
          const stored = Array.from(y.values.subarray(i * 4, i * 4 + 4));
          if (!inside(i)) {
            expectSame(stored, [0, 0, 0, 0], `${name}: padding`);
          } else if (pixels++ % step === 0) {
            found.push(...stored.slice(0, 3));
          }
        }
        expectClose(found, outputs.y.data, 1e-5, name);
      });
    }
  }
});

test("noise is Box and Muller's of Philox's words, cut off", async () => {
  const [size, padded] = [
    [37, 50],
    [64, 64],
  ];
  const normalisation = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
  const image = imageOf(size, padded, 4);
  const effects = words(packEffects({ ...QUIET, deviation: 0.1 }));
  const [y] = await runOp(addNoise, [image, sizeOf(size), effects], normalisation, { stored: true });
  const block = new Uint32Array(4);
  const unit = (word: number): number => ((word >>> 8) + 1) / 2 ** 24;
  const expected = new Float32Array(padded[0] * padded[1] * 4);
  let [sum, squares] = [0, 0];
  for (let row = 0; row < size[0]; row++) {
    for (let x = 0; x < size[1]; x++) {
      philox([x, row, QUIET.step, QUIET.index], [QUIET.seed, NOISE_KEY], block);
      const [near, far] = [Math.sqrt(-2 * Math.log(unit(block[0]))), Math.sqrt(-2 * Math.log(unit(block[2])))];
      const [turn, other] = [block[1], block[3]].map((word) => 2 * Math.PI * (unit(word) - 0.5));
      [near * Math.cos(turn), near * Math.sin(turn), far * Math.cos(other)].forEach((normal, channel) => {
        const { [channel]: mean } = normalisation.mean;
        const { [channel]: std } = normalisation.std;
        const before = image.values[(row * padded[1] + x) * 3 + channel] * std + mean;
        const after = Math.min(1, Math.max(0, before + 0.1 * normal));
        expected[(row * padded[1] + x) * 4 + channel] = (after - mean) / std;
        sum += normal;
        squares += normal ** 2;
      });
    }
  }
  // within what WGSL lets sin and cos be off, 2^-11, times radius and deviation: SwiftShader is 1.3e-4 off
  expectClose(y.values, expected, 2e-4);
  const draws = size[0] * size[1] * 3;
  expect(Math.abs(sum / draws)).toBeLessThan(0.05);
  expect(Math.abs(squares / draws - 1)).toBeLessThan(0.05);
});

test('no noise is the image itself', async () => {
  const image = imageOf([5, 6], [32, 32], 4);
  const inputs = [image, sizeOf([5, 6]), words(packEffects(QUIET))];
  const [y] = await runOp(addNoise, inputs, { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] });
  expectSame(y.values, image.values);
});

test('wrong inputs are refused', () => {
  const [list, box] = [dense([3, 5], 'u32'), dense([3, 4])];
  const [count, bits, geometry] = [dense([1], 'u32'), dense([8], 'u32'), dense([13], 'u32')];
  expect(() => warpMasks.infer([list, dense([2, 5], 'u32'), count, bits, geometry], { words: 4 })).toThrow(
    /the targets/,
  );
  expect(() => warpMasks.infer([list, list, count, dense([8]), geometry], { words: 4 })).toThrow(/masks must be u32/);
  expect(() => warpMasks.infer([list, list, count, bits, geometry], { words: 0 })).toThrow(/at least one word/);
  expect(() => keepObjects.infer([dense([3, 3]), list, count, list, geometry], {})).toThrow(/boxes are \[3, 3\]/);
  expect(() => keepObjects.infer([box, list, count, dense([3, 4], 'u32'), geometry], {})).toThrow(/the extents/);
  expect(() => blurImage.infer([dense([1, 4, 4, 3]), geometry, dense([36], 'u32')], {})).toThrow(/the image is/);
});
