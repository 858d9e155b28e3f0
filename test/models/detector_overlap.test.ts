import { describe, expect, test } from 'vitest';
import { GpuDevice } from '../../src/gpu/device';
import { GpuError } from '../../src/gpu/errors';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector, type ImageDetections, type RgbPixels } from '../../src/models/detector';
import { nodeHost } from '../../src/node/webgpu';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';
import { bitsOf } from './slim';

const variant = modelFixture<(ModelFixture & { config: MaskRcnnConfig })[]>('mask_rcnn_variants')[4];

function detectorOn(gpu: GpuDevice, box: Partial<MaskRcnnConfig['box']> = {}): Detector {
  const { config } = variant;
  const changed = {
    ...config,
    box: { ...config.box, scoreThreshold: 0.01, ...box },
    image: { ...config.image, sizeDivisor: 32, minSize: 64, maxSize: 128 },
  };
  return new Detector(gpu, changed, formulaWeights(changed, variant));
}

const imageOf = ([width, height]: readonly number[], i: number): RgbPixels => pattern({ width, height, seed: 20 + i });

/** The detections of images asked for one after the other. */
async function inTurn(detector: Detector, images: readonly RgbPixels[]): Promise<ImageDetections[]> {
  const results: ImageDetections[] = [];
  for (const image of images) {
    results.push(await detector.detect(image));
  }
  return results;
}

async function allAtOnce(detector: Detector, images: readonly RgbPixels[]): Promise<ImageDetections[]> {
  return Promise.all(images.map(async (image) => detector.detect(image)));
}

const bits = (results: readonly ImageDetections[]): string[] => results.map(({ objects }) => bitsOf(objects));

describe('images asked for at once have the results that they have one after the other', () => {
  expectNoLeaks();

  test.each([
    // sizes in the model: one; more than plans are kept, each with the next and then all again in another order
    [
      'of one size',
      [
        [96, 96],
        [96, 96],
        [96, 96],
        [96, 96],
      ],
    ],
    [
      'of more sizes than plans are kept',
      [
        ...[
          [64, 64],
          [64, 90],
          [90, 64],
          [64, 120],
          [120, 64],
          [96, 128],
        ],
        ...[
          [120, 64],
          [64, 64],
          [64, 64],
          [90, 64],
          [64, 90],
          [96, 128],
        ],
      ],
    ],
  ] as [string, number[][]][])('%s', async (_, sizes) => {
    // prettier-ignore
    const images = sizes.map(imageOf);
    const detector = detectorOn(await testDevice());
    const wanted = bits(await inTurn(detector, images));
    expect(new Set(wanted).size).toBe(images.length);
    const fresh = detectorOn(await testDevice());
    const results = await allAtOnce(fresh, images);
    expect(bits(results)).toEqual(wanted);
    for (const { profile } of results) {
      expect(profile).toMatchObject({ submissions: 1, readbacks: 1 });
    }
    detector.release();
    fresh.release();
  });

  test('whose RLE needs more room than any before', async () => {
    const many = { scoreThreshold: 0.001, nmsThreshold: 0.95, detectionsPerImage: 100 };
    const [small, large] = [imageOf([96, 96], 0), [3600, 2700]];
    const images = [imageOf(large, 1), imageOf(large, 2), small];
    const detector = detectorOn(await testDevice(), many);
    const results = await allAtOnce(detector, images);
    expect(bits(results)).toEqual(bits(await inTurn(detector, images)));
    // both were on the device before the first was found to need more
    expect(results.map(({ profile }) => profile.submissions)).toEqual([2, 2, 1]);
    detector.release();
  });

  test('with a profile of each', async (context) => {
    const gpu = await testDevice();
    if (!gpu.capabilities.timestamps) {
      context.skip('the adapter has no timestamp queries');
    }
    const images = [imageOf([96, 96], 0), imageOf([96, 96], 1), imageOf([96, 96], 2)];
    const detector = detectorOn(gpu);
    const [alone] = await inTurn(detector, images);
    const start = performance.now();
    const results = await Promise.all(images.map(async (image, i) => detector.detect(image, i !== 1)));
    const wall = performance.now() - start;
    expect(bits(results)[0]).toBe(bits([alone])[0]);
    const dispatches = alone.profile.plan.dispatches;
    expect(results.map(({ profile }) => profile.times.length)).toEqual([dispatches, 0, dispatches]);
    for (const { profile } of results) {
      expect(profile.milliseconds).toBeGreaterThan(0);
      expect(profile.times.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
    }
    // no time is booked for two images
    expect(results.reduce((sum, { profile }) => sum + profile.milliseconds, 0)).toBeLessThanOrEqual(wall);
    detector.release();
  });

  test('a detector released in between gives what is on the device, refuses the rest and frees everything', async () => {
    const gpu = await testDevice();
    const { live } = gpu.memory;
    const detector = detectorOn(gpu);
    const images = [[96, 96], [96, 96], [64, 120], [120, 64]].map(imageOf); // prettier-ignore
    const wanted = bits(await inTurn(detector, images));
    const [first, second, ...rest] = images.map(async (image) => detector.detect(image));
    const refused = Promise.all(
      rest.map(async (detecting) => {
        await expect(detecting).rejects.toThrow(/released before it came to this image/);
      }),
    );
    detector.release();
    expect(bits(await Promise.all([first, second]))).toEqual(wanted.slice(0, 2));
    await refused;
    expect(gpu.memory.live).toBe(live);
  });
});

test('a device that fails fails every image that waits', async () => {
  const gpu = await GpuDevice.open(nodeHost);
  const detector = detectorOn(gpu);
  const image = imageOf([96, 96], 0);
  await detector.detect(image);
  const waiting = [0, 1, 2, 3].map(async () => detector.detect(image));
  gpu.close();
  for (const { status, reason } of (await Promise.allSettled(waiting)) as PromiseRejectedResult[]) {
    expect(status).toBe('rejected');
    expect(reason).toBeInstanceOf(GpuError);
  }
  detector.release();
  expect(gpu.memory.count).toBe(0);
});
