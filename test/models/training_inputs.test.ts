import { describe, expect, test } from 'vitest';
import { augmentSchema } from '../../src/config/augment_schema';
import { camelKeys } from '../../src/config/camel';
import type { DecodedSample } from '../../src/data/training/sample';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { fromStored } from '../../src/kernels/tensor';
import type { MaskRcnnConfig } from '../../src/models/config';
import { trainingInputs, type TrainingInputShape } from '../../src/models/training_inputs';
import { changesColours } from '../../src/train/augment/draw_colours';
import { augmentSample, type AugmentedSample } from '../../src/train/augment/plan';
import { maskBox, sampleObjects, unpackMasks, wholeMask, type Mask } from '../helpers/bit_masks';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';

interface Attributes {
  source: [number, number];
  size: [number, number];
  padded: [number, number];
  flips: [boolean, boolean];
  min_size: number;
  max_size: number;
  mean: [number, number, number];
  std: [number, number, number];
  seed: number;
  /** The expected image holds every step-th value in NHWC order. */
  step: number;
  objects: number;
}

const settingsOf = (section: unknown) => camelKeys(augmentSchema.parse(section));

function sampleOf(
  [height, width]: readonly [number, number],
  seed: number,
  masks: readonly (Mask | null)[],
  boxes?: readonly (readonly number[])[],
): DecodedSample {
  const pixels = new Uint8Array(Math.ceil((height * width * 3) / 4) * 4);
  formula(height * width * 3, seed).forEach((v, i) => {
    pixels[i] = Math.floor((v + 1) * 128);
  });
  return { imageId: 1, fileName: 'a.png', height, width, pixels, ...sampleObjects(masks, width, boxes) };
}

interface Result {
  readonly image: ArrayLike<number>;
  readonly count: number;
  readonly boxes: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly crowd: ArrayLike<number>;
  readonly placements: ArrayLike<number>;
  readonly words: ArrayLike<number>;
  readonly imageInfo: ArrayLike<number>;
}

async function run(
  augmented: AugmentedSample,
  image: Pick<MaskRcnnConfig['image'], 'mean' | 'std'>,
  shape: TrainingInputShape,
): Promise<Result> {
  const graph = new Graph();
  const made = trainingInputs(graph, 'image0.', shape, { ...image, minSize: 0, maxSize: 0, sizeDivisor: 32 });
  const { boxes, ...rest } = made;
  const tensors = { boxes, count: boxes.count ?? boxes, ...rest };
  Object.entries(tensors).forEach(([name, tensor]) => graph.output(name, tensor));
  const gpu = await testDevice();
  const store = new ParameterStore(gpu, new Map());
  const compiled = await CompiledGraph.create(graph, store, { label: 'training inputs' });
  try {
    const values = Object.entries(augmented.values(shape)).map(([name, value]) => [`image0.${name}`, value] as const);
    const { outputs } = await compiled.run(Object.fromEntries(values));
    const value = (name: keyof typeof tensors) =>
      fromStored(tensors[name].spec, outputs.get(name) ?? new ArrayBuffer(0));
    return {
      image: value('image'),
      count: value('count')[0],
      boxes: value('boxes'),
      labels: value('labels'),
      crowd: value('crowd'),
      placements: value('placements'),
      words: value('words'),
      imageInfo: value('imageInfo'),
    };
  } finally {
    compiled.release();
    store.release();
  }
}

function roomFor(sample: DecodedSample, augmented: AugmentedSample, spare: number): TrainingInputShape {
  return {
    paddedHeight: Math.ceil(augmented.height / 32) * 32,
    paddedWidth: Math.ceil(augmented.width / 32) * 32,
    pixelBytes: sample.pixels.length + spare * 4,
    objects: Math.max(1, sample.objects + spare),
    sourceWords: sample.words.length + spare,
    words: augmented.words + spare,
    colours: false,
  };
}

const KEY = { seed: 1, step: 0, index: 0 };

describe("torchvision's transform", () => {
  test.each(fixtures<Attributes>('training_transform'))('$name', async ({ name, attributes, inputs, outputs }) => {
    const { source, size, padded, flips, mean, std, objects } = attributes;
    const masks = unpackMasks(inputs.masks.data, objects, source[0] * source[1]);
    const sample = sampleOf(source, attributes.seed, masks);
    expectSame(sample.boxes, inputs.boxes.data, `${name}: source boxes`);
    const settings = settingsOf({
      flip_horizontal: { probability: Number(flips[0]) },
      flip_vertical: { probability: Number(flips[1]) },
    });
    const image = { mean, std, minSize: attributes.min_size, maxSize: attributes.max_size, sizeDivisor: 32 };
    const augmented = augmentSample(sample, settings, image, KEY);
    expect([augmented.height, augmented.width], name).toEqual(size);
    for (const spare of [0, 9]) {
      const shape = roomFor(sample, augmented, spare);
      expect([shape.paddedHeight, shape.paddedWidth]).toEqual(padded);
      const result = await run(augmented, image, shape);
      expectSame(result.imageInfo, [...source, ...size]);
      expectClose(
        Array.from(result.image).filter((_, i) => i % attributes.step === 0),
        outputs.y.data,
        1e-5,
        name,
      );
      expect(result.count).toBe(objects);
      expectSame(Array.from(result.boxes).slice(0, objects * 4), outputs.boxes.data, `${name}: boxes`);
      expectSame(Array.from(result.labels).slice(0, objects), sample.labels, `${name}: labels`);
      expectSame(Array.from(result.crowd).slice(0, objects), sample.crowd, `${name}: crowd`);
      const expected = unpackMasks(outputs.masks.data, objects, size[0] * size[1]);
      expected.forEach((mask, i) => {
        expectSame(wholeMask(result.placements, result.words, i, size), mask, `${name}: mask ${i}`);
      });
    }
  });
});

const IMAGE: MaskRcnnConfig['image'] = {
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  minSize: 20,
  maxSize: 60,
  sizeDivisor: 32,
};

function rectangle(
  [height, width]: readonly [number, number],
  [x1, y1, x2, y2]: readonly [number, number, number, number],
): Mask {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Number(x >= x1 && x < x2 && y >= y1 && y < y2);
  });
}

test('objects that vanish in the resize are left out, and those without a mask stay', async () => {
  const size = [80, 120] as const;
  const specks = [1, 2, 3].map((x) => rectangle(size, [x, 9, x + 1, 10]));
  const masks = [
    specks[0],
    rectangle(size, [8, 8, 60, 40]),
    specks[1],
    null,
    specks[2],
    rectangle(size, [90, 0, 120, 80]),
  ];
  const boxes = [
    [0, 0, 0, 0],
    [8, 8, 60, 40],
    [0, 0, 0, 0],
    [30, 20, 50, 44],
    [0, 0, 0, 0],
    [90, 0, 120, 80],
  ];
  const sample = sampleOf(size, 5, masks, boxes);
  const augmented = augmentSample(sample, settingsOf({}), IMAGE, KEY);
  expect([augmented.height, augmented.width]).toEqual([20, 30]);
  const result = await run(augmented, IMAGE, roomFor(sample, augmented, 3));
  expect(result.count).toBe(3);
  expectSame(result.labels, [2, 4, 6, 0, 0, 0, 0, 0, 0]);
  expectSame(result.crowd, [0, 1, 0, 0, 0, 0, 0, 0, 0]);
  expectSame(Array.from(result.boxes).slice(0, 16), [2, 2, 15, 10, 7.5, 5, 12.5, 11, 22.5, 0, 30, 20, 0, 0, 0, 0]);
  expectSame(wholeMask(result.placements, result.words, 0, [20, 30]), rectangle([20, 30], [2, 2, 15, 10]));
  expectSame(wholeMask(result.placements, result.words, 1, [20, 30]), rectangle([20, 30], [0, 0, 0, 0]));
  expectSame(wholeMask(result.placements, result.words, 2, [20, 30]), rectangle([20, 30], [23, 0, 30, 20]));
});

test('a quarter turn of a square, clockwise, moves every pixel', async () => {
  const [side, size] = [40, [40, 40] as const];
  const masks = [rectangle(size, [2, 3, 11, 30]), rectangle(size, [20, 30, 40, 40]), rectangle(size, [39, 0, 40, 1])];
  const sample = sampleOf(size, 6, masks);
  const settings = settingsOf({ resize: { native: true }, rotate: { probability: 1, degrees: [90, 90] } });
  const augmented = augmentSample(sample, settings, IMAGE, KEY);
  const result = await run(augmented, IMAGE, roomFor(sample, augmented, 2));
  // the pixel at (x, y) comes from (y, side - 1 - x)
  const turned = (mask: Mask): Mask => mask.map((_, i) => mask[(side - 1 - (i % side)) * side + Math.floor(i / side)]);
  expect(result.count).toBe(3);
  expectSame(Array.from(result.boxes).slice(0, 12), [10, 2, 37, 11, 0, 20, 10, 40, 39, 39, 40, 40]);
  masks.forEach((mask, i) => {
    expectSame(wholeMask(result.placements, result.words, i, size), turned(mask), `mask ${i}`);
  });
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const byte = sample.pixels[((side - 1 - x) * side + y) * 3 + 1];
    expect(Math.abs(result.image[(y * 64 + x) * 3 + 1] - (byte / 255 - 0.5) / 0.25)).toBeLessThan(1e-4);
  }
});

test('whatever is drawn: masks by brute force, their boxes, and no pixel beyond the rectangles', async () => {
  const size = [70, 90] as const;
  const masks = Array.from({ length: 9 }, (_, i) =>
    rectangle(size, [i * 9, (i * 31) % 50, i * 9 + 5 + i * 2, ((i * 31) % 50) + 20]),
  );
  const sample = sampleOf(size, 6, masks);
  const settings = settingsOf({
    flip_horizontal: { probability: 0.5 },
    flip_vertical: { probability: 0.5 },
    rotate: { probability: 0.8 },
    shear: { probability: 0.5, degrees: [-30, 30] },
    translate: { probability: 0.5, share: 0.3 },
    crop: { probability: 0.5 },
  });
  let dropped = 0;
  for (let step = 0; step < 12; step++) {
    const augmented = augmentSample(sample, settings, IMAGE, { seed: 2, step, index: 0 });
    const room = roomFor(sample, augmented, 1);
    const { geometry } = augmented.values(room);
    const [a, b, c, d, e, f] = new Float32Array(geometry.buffer, 24, 6);
    const isPlain = (geometry[4] & 8) !== 0;
    const { height, width } = augmented;
    const result = await run(augmented, IMAGE, room);
    dropped += masks.length - result.count;
    for (let k = 0; k < result.count; k++) {
      const mask = masks[result.labels[k] - 1];
      const found = wholeMask(result.placements, result.words, k, [height, width]);
      const expected = found.map((bit, i) => {
        const [x, y] = [(i % width) + (isPlain ? 0 : 0.5), Math.floor(i / width) + (isPlain ? 0 : 0.5)];
        const [u, v] = [a * x + b * y + c, d * x + e * y + f].map(isPlain ? Math.fround : Number);
        if (!isPlain && (Math.abs(u - Math.round(u)) < 1e-4 || Math.abs(v - Math.round(v)) < 1e-4)) {
          return bit;
        }
        const [column, row] = [Math.floor(u), Math.floor(v)];
        if (column < 0 || row < 0 || column >= size[1] || row >= size[0]) {
          return 0;
        }
        const stored = [(geometry[4] & 1) !== 0 ? 89 - column : column, (geometry[4] & 2) !== 0 ? 69 - row : row];
        return mask[stored[1] * size[1] + stored[0]];
      });
      expectSame(found, expected, `step ${step}, object ${k}`);
      if (!isPlain) {
        expectSame(Array.from(result.boxes).slice(k * 4, k * 4 + 4), maskBox(found, width), `step ${step}, box ${k}`);
      }
    }
  }
  expect(dropped).toBeGreaterThan(0);
});

test('two runs of one key give the same bits, and colours change what they should', async () => {
  const size = [50, 64] as const;
  const sample = sampleOf(size, 6, [rectangle(size, [3, 3, 30, 30])]);
  const settings = settingsOf({
    ...Object.fromEntries(['brightness', 'contrast', 'blur', 'noise'].map((name) => [name, { probability: 1 }])),
    rotate: { probability: 1 },
  });
  const augmented = augmentSample(sample, settings, IMAGE, KEY);
  const room = { ...roomFor(sample, augmented, 0), colours: true };
  const [first, second] = [await run(augmented, IMAGE, room), await run(augmented, IMAGE, room)];
  expectSame(second.image, first.image);
  expectSame(second.words, first.words);
  // equalize leaves the mean of each channel near the middle, whatever it was
  const dark = { ...sample, pixels: sample.pixels.map((value) => value >> 3) };
  const flat = augmentSample(dark, settingsOf({ equalize: { probability: 1 }, resize: { native: true } }), IMAGE, KEY);
  const equalized = await run(flat, IMAGE, { ...roomFor(dark, flat, 0), colours: true });
  const values = Array.from({ length: 50 * 64 }, (_, i) => equalized.image[i * 3] * 0.25 + 0.5);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeGreaterThan(0.4);
});

test('too little room is told', () => {
  const size = [40, 40] as const;
  const sample = sampleOf(size, 5, [rectangle(size, [3, 3, 30, 30]), rectangle(size, [0, 0, 40, 40])]);
  const augmented = augmentSample(sample, settingsOf({}), IMAGE, KEY);
  const room = roomFor(sample, augmented, 0);
  augmented.values(room);
  expect(() => augmented.values({ ...room, words: room.words - 1 })).toThrow(/room for \d+ words of masks/);
  expect(() => augmented.values({ ...room, sourceWords: 3 })).toThrow(/room for 3 words of masks/);
  expect(() => augmented.values({ ...room, objects: 1 })).toThrow(/room for 1 objects, and there are 2/);
  expect(() => augmented.values({ ...room, pixelBytes: 8 })).toThrow(/room for 8 bytes of the image/);
});

test('plain settings change no colours', () => {
  expect(changesColours(settingsOf({ flip_horizontal: { probability: 0.5 } }))).toBe(false);
  expect(changesColours(settingsOf({ noise: { probability: 0.1 } }))).toBe(true);
});
