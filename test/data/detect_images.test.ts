import { expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { detectImages, type ImageFile } from '../../src/data/detect_images';
import type { ImageDetections, RgbPixels } from '../../src/models/detector';
import { temporaryFolder } from './temporary_folder';

const inFolder = temporaryFolder();

/** An image file of this width, whose decoding is written down. */
function image(width: number, events: string[], stated = width): ImageFile {
  const png = new PNG({ width, height: 2 });
  const path = inFolder(`${width}.png`);
  writeFileSync(path, PNG.sync.write(png));
  return {
    get path() {
      events.push(`decode ${width}`);
      return path;
    },
    width: stated,
    height: 2,
  };
}

/** A detector whose GPU needs a while. */
function slowDetector(events: string[]) {
  return {
    async detect({ width }: RgbPixels): Promise<ImageDetections> {
      events.push(`detect ${width}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      events.push(`detected ${width}`);
      return { available: width } as ImageDetections;
    },
  };
}

it('decodes the next image while the detector works, and no further', async () => {
  const events: string[] = [];
  const images = [1, 2, 3].map((width) => image(width, events));
  for await (const { image, pixels, found } of detectImages(slowDetector(events), images)) {
    expect([image, pixels.width]).toEqual([images[found.available - 1], found.available]);
    events.push(`use ${pixels.width}`);
  }
  expect(events).toEqual([
    ...['decode 1', 'detect 1', 'decode 2', 'detected 1', 'use 1'],
    ...['detect 2', 'decode 3', 'detected 2', 'use 2'],
    ...['detect 3', 'detected 3', 'use 3'],
  ]);
});

it('gives what comes before an image that cannot be read', async () => {
  const events: string[] = [];
  const used: number[] = [];
  const images = [image(1, events), image(2, events, 5), image(3, events)];
  const detecting = (async () => {
    for await (const { found } of detectImages(slowDetector(events), images)) {
      used.push(found.available);
    }
  })();
  await expect(detecting).rejects.toThrow(/2\.png has 2x2 pixels, the annotation file says 5x2/);
  expect(used).toEqual([1]);
  expect(events).not.toContain('decode 3');
});

it('needs no image', async () => {
  for await (const _ of detectImages(slowDetector([]), [])) {
    expect.unreachable();
  }
});
