import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchDetections, matchedShare, sumMatches, type DetectionMatch } from '../../src/eval/match_detections';
import type { Detector, RgbPixels } from '../../src/models/detector';
import { testDevice } from '../helpers/gpu';
import { bitsOf, nucleiImages, nucleiPixels, slimDetector, slimMissing, torchvisionDetections } from './slim';

if (slimMissing !== undefined) {
  console.warn(slimMissing);
}

function crop({ width, data }: RgbPixels, newWidth: number, newHeight: number): RgbPixels {
  const rows = Array.from({ length: newHeight }, (_, y) => data.subarray(y * width * 3, (y * width + newWidth) * 3));
  return { width: newWidth, height: newHeight, data: Uint8Array.from(rows.flatMap((row) => [...row])) };
}

describe.skipIf(slimMissing !== undefined)('the nuclei with real weights', () => {
  let detector: Detector;
  let before: { live: number; count: number };

  beforeAll(async () => {
    const { memory } = await testDevice();
    before = { live: memory.live, count: memory.count };
    detector = await slimDetector();
  });

  afterAll(async () => {
    detector?.release();
    const { memory } = await testDevice();
    expect({ live: memory.live, count: memory.count }, 'memory after the release').toEqual(before);
  });

  test('the detections of the validation images are those of torchvision', async () => {
    const reference = torchvisionDetections();
    const images = nucleiImages();
    const matches: DetectionMatch[] = [];
    for (const image of images) {
      const { objects, profile } = await detector.detect(await nucleiPixels(image));
      expect(profile, image.file_name).toMatchObject({ submissions: 1, readbacks: 1 });
      matches.push(matchDetections(objects, reference.get(image.id) ?? []));
    }
    const { first, second } = sumMatches(matches);
    console.log(
      `${images.length} images: ${first.matched} of our ${first.asked} detections (${matchedShare(first)}) and ` +
        `${second.matched} of torchvision's ${second.asked} (${matchedShare(second)}) are matched by the other side`,
    );
    expect(first.asked).toBeGreaterThan(40 * images.length);
    expect(second.asked).toBeGreaterThan(40 * images.length);
    expect(matchedShare(first)).toBeGreaterThanOrEqual(0.99);
    expect(matchedShare(second)).toBeGreaterThanOrEqual(0.99);
  });

  test('two runs give identical bits, also with other image sizes in between', async () => {
    const images = nucleiImages();
    const bySize = new Map(images.map((image) => [`${image.width}x${image.height}`, image]));
    expect(bySize.size).toBeGreaterThan(2);
    const pixels = await Promise.all([...bySize.values()].map(nucleiPixels));
    const run = async (image: RgbPixels): Promise<string> => bitsOf((await detector.detect(image)).objects);
    const first: string[] = [];
    for (const image of pixels) {
      first.push(await run(image));
      expect(await run(image), 'at once again').toBe(first.at(-1));
    }
    expect(new Set(first).size).toBe(pixels.length);
    // more shapes than plans are kept
    for (const [width, height] of [
      [256, 160],
      [160, 256],
      [250, 200],
      [200, 250],
      [256, 64],
    ]) {
      await detector.detect(crop(pixels[0], width, height));
    }
    for (const [i, image] of pixels.entries()) {
      expect(await run(image), 'after other sizes').toBe(first[i]);
    }
  });
});
