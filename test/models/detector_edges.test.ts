import { describe, expect, test } from 'vitest';
import { rleArea, rleFromCoco } from '../../src/eval/rle';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector, type ImageDetections, type RgbPixels } from '../../src/models/detector';
import { expectNoLeaks } from '../helpers/leaks';
import { testDevice } from '../helpers/gpu';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';
import { bitsOf } from './slim';

const variant = modelFixture<(ModelFixture & { config: MaskRcnnConfig })[]>('mask_rcnn_variants')[4];
const SQUARE = pattern({ height: 96, width: 96, seed: 9 });

/** A small model by formula with other limits. */
async function detectorWith(
  box: Partial<MaskRcnnConfig['box']>,
  rpn: Partial<MaskRcnnConfig['rpn']> = {},
): Promise<Detector> {
  const { config } = variant;
  const changed = {
    ...config,
    box: { ...config.box, ...box },
    rpn: { ...config.rpn, ...rpn },
    image: { ...config.image, sizeDivisor: 32, minSize: 64, maxSize: 128 },
  };
  return new Detector(await testDevice(), changed, formulaWeights(changed, variant));
}

/** What must hold of every result. */
function expectSound({ objects, available }: ImageDetections, { width, height }: RgbPixels, limit: number): void {
  expect(objects.length).toBe(Math.min(available, limit));
  objects.forEach(({ box: [x1, y1, x2, y2], score, label, mask }, i) => {
    expect(0 <= x1 && x1 < x2 && x2 <= width * 1.001, `x of box ${i}: ${x1}, ${x2}`).toBe(true);
    expect(0 <= y1 && y1 < y2 && y2 <= height * 1.001, `y of box ${i}: ${y1}, ${y2}`).toBe(true);
    expect(score > 0 && score <= (objects[i - 1]?.score ?? 1), `score ${i}: ${score}`).toBe(true);
    expect(label >= 1 && label < variant.config.classes, `label ${i}: ${label}`).toBe(true);
    expect(mask.size).toEqual([height, width]);
    rleFromCoco(mask);
  });
}

expectNoLeaks();

describe('counts', () => {
  test('no detection at all', async () => {
    const detector = await detectorWith({ scoreThreshold: 1 });
    const { objects, available, profile } = await detector.detect(SQUARE);
    expect({ objects, available }).toEqual({ objects: [], available: 0 });
    expect(profile).toMatchObject({ submissions: 1, readbacks: 1 });
    detector.release();
  });

  test('no proposal at all', async () => {
    const detector = await detectorWith({}, { minSize: 1000 });
    const { objects, available, profile } = await detector.detect(SQUARE);
    expect({ objects, available }).toEqual({ objects: [], available: 0 });
    expect(profile).toMatchObject({ submissions: 1, readbacks: 1 });
    detector.release();
  });

  test('400 detections, and how many there would have been', async () => {
    const rpn = { preNmsTopN: 1000, postNmsTopN: 500, nmsThreshold: 0.9 };
    const many = { scoreThreshold: 0, nmsThreshold: 0.9 };
    const detector = await detectorWith({ ...many, detectionsPerImage: 400 }, rpn);
    const saturated = await detector.detect(SQUARE);
    expect(saturated.objects).toHaveLength(400);
    expect(saturated.available).toBeGreaterThan(400);
    expect(saturated.profile).toMatchObject({ submissions: 1, readbacks: 1 });
    expectSound(saturated, SQUARE, 400);
    detector.release();

    const roomy = await detectorWith({ ...many, detectionsPerImage: 1500 }, rpn);
    const all = await roomy.detect(SQUARE);
    expect(all.objects).toHaveLength(saturated.available);
    expect(all.available).toBe(saturated.available);
    // the first 400 are the same, whatever the limit
    expect(bitsOf(all.objects.slice(0, 400))).toBe(bitsOf(saturated.objects));
    roomy.release();
  });
});

describe('sizes', () => {
  test.each([
    [1, 1],
    [2000, 30],
    [30, 2000],
    [1, 500],
    [500, 1],
    [2, 3],
  ])('%i x %i', async (width, height) => {
    const detector = await detectorWith({ scoreThreshold: 0.01, detectionsPerImage: 50 });
    const image = pattern({ width, height, seed: 10 });
    const result = await detector.detect(image);
    expect(result.objects.length).toBeGreaterThan(0);
    expect(result.profile).toMatchObject({ submissions: 1, readbacks: 1 });
    expectSound(result, image, 50);
    detector.release();
  });

  test('more padded shapes than plans are kept: memory does not grow, results stay', async () => {
    const { memory } = await testDevice();
    const { live } = memory;
    const detector = await detectorWith({});
    const shapes = [[64, 64], [64, 90], [90, 64], [64, 120], [120, 64], [96, 128]]; // prettier-ignore
    const images = shapes.map(([width, height]) => pattern({ width, height, seed: 11 }));
    const planned: number[] = [];
    const rounds: { live: number; count: number; padded: string[]; bits: string[] }[] = [];
    for (let round = 0; round < 3; round++) {
      const results: ImageDetections[] = [];
      for (const image of images) {
        const result = await detector.detect(image);
        results.push(result);
        planned.push(result.profile.plan.planned);
      }
      rounds.push({
        live: memory.live,
        count: memory.count,
        padded: results.map(({ profile }) => `${profile.paddedWidth}x${profile.paddedHeight}`),
        bits: results.map(({ objects }) => bitsOf(objects)),
      });
    }
    expect(new Set(rounds[0].padded).size).toBeGreaterThan(4);
    expect(rounds[0].bits.every((bits) => bits.length > 100)).toBe(true);
    expect(rounds[1]).toEqual(rounds[0]);
    expect(rounds[2]).toEqual(rounds[0]);

    // what is alive is the plans of the last four shapes, and weights as packed for any shape, but no older plan
    detector.release();
    expect(memory.live).toBe(live);
    const fresh = await detectorWith({});
    for (const image of images.slice(-4)) {
      await fresh.detect(image);
    }
    expect(rounds[0].live - memory.live).toBeLessThan(Math.min(...planned.slice(0, 2)));
    fresh.release();
  });
});

test('masks whose RLE is longer than any before: the image is run again with more room, then no more', async () => {
  const detector = await detectorWith({ scoreThreshold: 0.001, nmsThreshold: 0.95, detectionsPerImage: 100 });
  const large = pattern({ width: 3600, height: 2700, seed: 12 });
  const first = await detector.detect(large);
  const bytes = first.objects.reduce((sum, { mask }) => sum + mask.counts.length, 0);
  // the room that a detector of 100 detections starts with
  expect(bytes).toBeGreaterThan(1 << 18);
  expect(first.profile).toMatchObject({ submissions: 2, readbacks: 2 });
  expectSound(first, large, 100);
  expect(first.objects.filter(({ mask }) => rleArea(rleFromCoco(mask)) > 0).length).toBeGreaterThan(50);
  const again = await detector.detect(large);
  expect(again.profile).toMatchObject({ submissions: 1, readbacks: 1 });
  expect(bitsOf(again.objects)).toBe(bitsOf(first.objects));
  const small = await detector.detect(SQUARE);
  expect(small.profile).toMatchObject({ submissions: 1, readbacks: 1 });
  detector.release();
});
