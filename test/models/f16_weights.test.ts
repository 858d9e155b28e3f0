import { describe, expect, test } from 'vitest';
import { matchDetections, matchedShare, sumMatches } from '../../src/eval/match_detections';
import { defaultGemm } from '../../src/kernels/gemm/variants';
import type { Precision } from '../../src/kernels/precision';
import { product } from '../../src/kernels/tensor';
import { Detector } from '../../src/models/detector';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import {
  nucleiImages,
  nucleiPixels,
  slimConfig,
  type NucleiImage,
  slimDetector,
  slimMissing,
  torchvisionDetections,
} from './slim';

expectNoLeaks();

describe.skipIf(slimMissing !== undefined)('the whole model with weights of f16', async () => {
  const gpu = await testDevice();

  /** Matches with torchvision's detections, and what the first image took on the device. */
  async function detect(precision: Precision, images: readonly NucleiImage[]) {
    const before = gpu.memory.live;
    // not by Winograd, which f16 does without, so that the two take the same memory but for their weights
    const variants = { conv2d: defaultGemm(gpu.capabilities) };
    const detector = await slimDetector(slimConfig, { precision, variants });
    const matches = [];
    let bytes = 0;
    for (const image of images) {
      const { objects } = await detector.detect(await nucleiPixels(image));
      bytes ||= gpu.memory.live - before;
      matches.push(matchDetections(objects, torchvisionDetections().get(image.id) ?? []));
    }
    detector.release();
    return { ...sumMatches(matches), bytes };
  }

  test.skipIf(!gpu.capabilities.f16)('its detections are those of torchvision, its weights take half', async () => {
    // of all 63 images 0.998 of either side's detections are matched by the other's
    const images = nucleiImages().filter((_, i) => i % 5 === 0);
    const { first, second, bytes } = await detect('f16', images);
    console.log(
      `${first.matched} of our ${first.asked} detections (${matchedShare(first)}) and ${second.matched} of ` +
        `torchvision's ${second.asked} (${matchedShare(second)}) are matched by the other side`,
    );
    expect(first.asked).toBeGreaterThan(200);
    expect(matchedShare(first)).toBeGreaterThanOrEqual(0.97);
    expect(matchedShare(second)).toBeGreaterThanOrEqual(0.97);

    const shapes = [...Detector.expectedParameters(slimConfig).values()].filter(({ length }) => length > 1);
    const weights = shapes.reduce((sum, shape) => sum + product(shape), 0);
    const saved = (await detect('f32', images.slice(0, 1))).bytes - bytes;
    // packed weights have padding; those of the masks' last layer are not packed
    expect(saved / (2 * weights)).toBeGreaterThan(0.97);
    expect(saved / (2 * weights)).toBeLessThan(1.1);
  });
});
