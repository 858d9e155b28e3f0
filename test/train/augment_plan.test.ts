import { describe, expect, test } from 'vitest';
import { augmentSchema, type AugmentSettings } from '../../src/config/augment_schema';
import { camelKeys } from '../../src/config/camel';
import type { DecodedSample } from '../../src/data/training/sample';
import { RandomStream } from '../../src/data/synth/random';
import { changesColours, drawColours, drawEffects } from '../../src/train/augment/draw_colours';
import { drawCrop, drawMinIouCrop, type Window } from '../../src/train/augment/draw_window';
import { draws } from '../../src/train/augment/draws';
import type { Box } from '../../src/train/augment/placement';
import { augmentSample } from '../../src/train/augment/plan';

const settingsOf = (section: unknown): AugmentSettings => camelKeys(augmentSchema.parse(section));
const IMAGE = { mean: [0.5, 0.5, 0.5], std: [1, 1, 1], minSize: 40, maxSize: 70, sizeDivisor: 32 } as const;

/** With an object's mask of one row of 10 pixels at each place. */
function sampleOf(height: number, width: number, places: readonly (readonly [number, number])[]): DecodedSample {
  return {
    imageId: 1,
    fileName: 'a.png',
    height,
    width,
    pixels: new Uint8Array(Math.ceil((height * width * 3) / 4) * 4),
    objects: places.length,
    boxes: Float32Array.from(places.flatMap(([x, y]) => [x, y, x + 10, y + 1])),
    labels: new Uint32Array(places.length).fill(1),
    crowd: new Uint32Array(places.length),
    placements: Uint32Array.from(places.flatMap(([x, y], i) => [x, y, 1, 1, i])),
    words: new Uint32Array(Math.max(1, places.length)).fill(1023),
  };
}

const SAMPLE = sampleOf(80, 100, [
  [3, 4],
  [60, 70],
  [40, 33],
]);

function valuesOf(sample: DecodedSample, settings: AugmentSettings, key = { seed: 1, step: 0, index: 0 }) {
  const augmented = augmentSample(sample, settings, IMAGE, key);
  const room = { pixelBytes: sample.pixels.length, objects: sample.objects, sourceWords: sample.words.length };
  const padded = { paddedHeight: augmented.height, paddedWidth: augmented.width };
  const values = augmented.values({ ...padded, ...room, words: augmented.words, colours: changesColours(settings) });
  const geometry = values.geometry;
  const matrix = Array.from(new Float32Array(geometry.buffer, 24, 6));
  return { ...augmented, all: values, geometry, matrix, targets: values.targets, boxes: values.boxes };
}

const keys = (count: number) => Array.from({ length: count }, (_, step) => ({ seed: 7, step, index: step % 3 }));

test('a motion is that of torchvision: _get_inverse_affine_matrix', () => {
  const rotated = settingsOf({ resize: { native: true }, rotate: { probability: 1, degrees: [30, 30] } });
  const expected = [
    0.8660254037844386, 0.49999999999999994, -13.301270189221931, -0.49999999999999994, 0.8660254037844386,
    30.35898384862245,
  ];
  valuesOf(SAMPLE, rotated).matrix.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 4);
  });
});

test('a shear is its tangent, a translation within its share', () => {
  const sheared = settingsOf({ resize: { native: true }, shear: { probability: 1, degrees: [20, 20] } });
  const t = Math.tan((20 * Math.PI) / 180);
  // along x, then along y: the inverse of [1, t; t, 1 + t²]
  const { matrix } = valuesOf(SAMPLE, sheared);
  [1 + t * t, -t, -t, 1].forEach((value, i) => {
    expect(matrix[[0, 1, 3, 4][i]]).toBeCloseTo(value, 5);
  });
  const moved = settingsOf({ resize: { native: true }, translate: { probability: 1, share: 0.2 } });
  const shifts = keys(200).map((key) => valuesOf(SAMPLE, moved, key).matrix);
  for (const [a, b, x, d, e, y] of shifts) {
    expect([a, b, d, e]).toEqual([1, 0, 0, 1]);
    expect(Math.abs(x)).toBeLessThanOrEqual(20);
    expect(Math.abs(y)).toBeLessThanOrEqual(16);
  }
  expect(Math.max(...shifts.map(([, , x]) => x))).toBeGreaterThan(17);
  expect(Math.min(...shifts.map(([, , x]) => x))).toBeLessThan(-17);
});

describe('draws', () => {
  const flips = settingsOf({ flip_horizontal: { probability: 0.5 }, flip_vertical: { probability: 0.5 } });

  test('half of the images are mirrored, to each side apart', () => {
    const flags = keys(800).map((key) => valuesOf(SAMPLE, flips, key).geometry[4] & 3);
    for (const kind of [0, 1, 2, 3]) {
      const share = flags.filter((flag) => flag === kind).length / flags.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.06);
    }
  });

  test('one key gives one result, another key another one', () => {
    const all = settingsOf({
      rotate: { probability: 1 },
      crop: { probability: 1 },
      noise: { probability: 1 },
      brightness: { probability: 1 },
    });
    const key = { seed: 3, step: 9, index: 1 };
    const { all: first } = valuesOf(SAMPLE, all, key);
    expect(valuesOf(SAMPLE, all, { ...key }).all).toEqual(first);
    for (const other of [
      { ...key, seed: 4 },
      { ...key, step: 10 },
      { ...key, index: 0 },
    ]) {
      expect(valuesOf(SAMPLE, all, other).geometry).not.toEqual(first.geometry);
    }
  });

  test('turning one change on leaves the others as they were', () => {
    const more = settingsOf({
      flip_horizontal: { probability: 0.5 },
      flip_vertical: { probability: 0.5 },
      rotate: { probability: 0.9 },
      contrast: { probability: 0.9 },
    });
    for (const key of keys(50)) {
      expect(valuesOf(SAMPLE, more, key).geometry[4] & 3).toBe(valuesOf(SAMPLE, flips, key).geometry[4] & 3);
    }
  });

  test('colours and effects are drawn from their ranges, as often as asked', () => {
    const settings = settingsOf({
      brightness: { probability: 0.3, factor: [0.5, 0.75] },
      equalize: { probability: 1 },
      blur: { probability: 0.5, sigma: [1, 2] },
      noise: { probability: 0.5, deviation: [0.1, 0.2] },
    });
    const colours = keys(600).map((key) => drawColours(settings, draws(key)));
    const changed = colours.filter(({ brightness }) => brightness !== 1);
    expect(Math.abs(changed.length / 600 - 0.3)).toBeLessThan(0.07);
    expect(changed.every(({ brightness }) => brightness >= 0.5 && brightness < 0.75)).toBe(true);
    expect(colours.every((c) => c.equalize && !c.autocontrast && c.contrast === 1)).toBe(true);
    const effects = keys(600).map((key) => drawEffects(settings, draws(key), key));
    for (const [name, low, high] of [
      ['sigma', 1, 2],
      ['deviation', 0.1, 0.2],
    ] as const) {
      const drawn = effects.map((effect) => effect[name]).filter((value) => value > 0);
      expect(Math.abs(drawn.length / 600 - 0.5)).toBeLessThan(0.08);
      expect(drawn.every((value) => value >= low && value < high)).toBe(true);
    }
  });
});

describe('sizes', () => {
  const sizeOf = (resize: unknown, key = { seed: 1, step: 0, index: 0 }) => {
    const { height, width } = valuesOf(SAMPLE, settingsOf({ resize }), key);
    return `${height}x${width}`;
  };

  test('of the model, fixed, native, and one of several', () => {
    expect(sizeOf({})).toBe('40x50');
    expect(sizeOf({ size: [33, 44] })).toBe('33x44');
    expect(sizeOf({ native: true })).toBe('80x100');
    expect(sizeOf({ max_size: 25 })).toBe('20x25');
    const drawn = keys(60).map((key) => sizeOf({ min_sizes: [20, 24, 200], max_size: 100 }, key));
    expect(new Set(drawn)).toEqual(new Set(['20x25', '24x30', '80x100']));
  });

  test('only one way', () => {
    for (const resize of [
      { native: true, size: [3, 4] },
      { min_sizes: [4], native: true },
      { max_size: 4, size: [3, 4] },
    ]) {
      expect(augmentSchema.safeParse({ resize }).success).toBe(false);
    }
    expect(augmentSchema.safeParse({ rotate: { degrees: [10, -10] } }).success).toBe(false);
  });
});

function iou({ x, y, height, width }: Window, [x1, y1, x2, y2]: Box): number {
  let [shared, both] = [0, 0];
  for (let row = 0; row < 200; row++) {
    for (let column = 0; column < 300; column++) {
      const inWindow = column >= x && column < x + width && row >= y && row < y + height;
      const inBox = column >= x1 && column < x2 && row >= y1 && row < y2;
      shared += Number(inWindow && inBox);
      both += Number(inWindow || inBox);
    }
  }
  return shared / both;
}

const WHOLE: Window = { x: 0, y: 0, height: 200, width: 300 };

describe('crops', () => {
  const random = (item: number): RandomStream => new RandomStream({ seed: 5, scene: 0, item }, 1);
  const holdsMiddle = ({ x, y, height, width }: Window, [x1, y1, x2, y2]: Box): boolean => {
    const [middleX, middleY] = [(x1 + x2) / 2, (y1 + y2) / 2];
    return middleX > x && middleX < x + width && middleY > y && middleY < y + height;
  };
  const isInside = ({ x, y, height, width }: Window): boolean =>
    [x, y, height, width].every(Number.isInteger) && x >= 0 && y >= 0 && x + width <= 300 && y + height <= 200;

  test('windows have the shares, and an object in them', () => {
    const object: Box = [10, 20, 40, 50];
    const settings = { probability: 1, share: [0.4, 0.6] as [number, number] };
    const windows = Array.from({ length: 100 }, (_, i) => drawCrop(WHOLE, [object], settings, random(i)));
    const found = windows.filter((window) => window !== null);
    expect(found.length).toBeGreaterThan(90);
    for (const window of found) {
      expect(isInside(window) && holdsMiddle(window, object)).toBe(true);
      expect(window.height >= 80 && window.height <= 120 && window.width >= 120 && window.width <= 180).toBe(true);
    }
    const free = Array.from({ length: 100 }, (_, i) => drawCrop(WHOLE, [], settings, random(i)));
    expect(new Set(free.map((window) => window?.x)).size).toBeGreaterThan(60);
  });

  test("MMDetection's rule: least IoU, aspect ratio, the middle of an object", () => {
    const objects: Box[] = [
      [20, 30, 260, 180],
      [60, 20, 290, 190],
    ];
    const settings = { probability: 1, ious: new Array<number>(14).fill(0.7), minShare: 0.3 };
    const windows = Array.from({ length: 160 }, (_, i) => drawMinIouCrop(WHOLE, objects, settings, random(i)));
    const found = windows.filter((window) => window !== null);
    // 1 of 16 modes is no crop, 1 of 16 asks for no overlap
    expect(160 - found.length).toBeLessThan(30);
    expect(160 - found.length).toBeGreaterThan(1);
    for (const window of found) {
      expect(isInside(window)).toBe(true);
      expect(window.height + 1).toBeGreaterThanOrEqual(60);
      expect(window.width + 1).toBeGreaterThanOrEqual(90);
      const aspect = window.height / window.width;
      expect(aspect > 0.48 && aspect < 2.05).toBe(true);
      expect(objects.some((box) => holdsMiddle(window, box))).toBe(true);
    }
    const lowest = found.map((window) => Math.min(...objects.map((box) => iou(window, box))));
    expect(lowest.filter((value) => value < 0.7).length).toBeLessThan(25);
    expect(lowest.filter((value) => value >= 0.7).length).toBeGreaterThan(100);
  });

  test('objects whose middle is outside are left out of a min-IoU crop', () => {
    const places = Array.from({ length: 60 }, (_, i) => [(i % 10) * 9, Math.floor(i / 10) * 13 + 2] as const);
    const sample = sampleOf(80, 100, places);
    const settings = settingsOf({ resize: { native: true }, min_iou_crop: { probability: 1, ious: [0] } });
    let crops = 0;
    for (const key of keys(30)) {
      const { height, width, matrix, targets } = valuesOf(sample, settings, key);
      if (height === 80 && width === 100) {
        continue;
      }
      crops++;
      const [left, top] = [matrix[2], matrix[5]];
      places.forEach(([x, y], i) => {
        const isSeen = x + 5 > left && x + 5 < left + width && y + 0.5 > top && y + 0.5 < top + height;
        expect(targets[i * 5 + 3] > 0).toBe(isSeen);
      });
    }
    expect(crops).toBeGreaterThan(8);
  });
});
