import { expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
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

it('has two images on the device and decodes a third, in order and no further', async () => {
  const events: string[] = [];
  const images = [1, 2, 3, 4].map((width) => image(width, events));
  /** What each image's detection waits for. */
  const gates = ['', 'decode 3', 'decode 4', 'detect 4', 'use 3'];
  const detector = {
    async detect({ width }: RgbPixels): Promise<ImageDetections> {
      events.push(`detect ${width}`);
      while (!events.includes(gates[width])) {
        await setImmediate();
      }
      events.push(`detected ${width}`);
      return { available: width } as ImageDetections;
    },
  };
  for await (const { image, pixels, found } of detectImages(detector, images)) {
    expect([image, pixels.width]).toEqual([images[found.available - 1], found.available]);
    events.push(`use ${pixels.width}`);
  }
  expect(events).toEqual([
    ...['decode 1', 'detect 1', 'decode 2', 'detect 2', 'decode 3', 'detected 1', 'use 1'],
    ...['detect 3', 'decode 4', 'detected 2', 'use 2'],
    ...['detect 4', 'detected 3', 'use 3', 'detected 4', 'use 4'],
  ]);
});

it('gives images in their order where a later one is done first', async () => {
  const detector = {
    async detect({ width }: RgbPixels): Promise<ImageDetections> {
      await new Promise((resolve) => setTimeout(resolve, width === 1 ? 60 : 1));
      return { available: width } as ImageDetections;
    },
  };
  const order: number[] = [];
  const images = [1, 2, 3].map((width) => image(width, []));
  for await (const { found } of detectImages(detector, images)) {
    order.push(found.available);
  }
  expect(order).toEqual([1, 2, 3]);
});

it('ends when the images on the device are done, also where the caller has had enough or one fails', async () => {
  const events: string[] = [];
  const images = [1, 2, 3, 4].map((width) => image(width, events));
  for await (const { pixels } of detectImages(slowDetector(events), images)) {
    expect(pixels.width).toBe(1);
    break;
  }
  expect(events).toContain('detected 2');
  expect(events).not.toContain('detect 3');

  const late: string[] = [];
  const failing = {
    async detect(pixels: RgbPixels): Promise<ImageDetections> {
      if (pixels.width === 1) {
        throw new Error('the device is lost');
      }
      return slowDetector(late).detect(pixels);
    },
  };
  await expect(detectImages(failing, images).next()).rejects.toThrow('the device is lost');
  expect(late).toEqual(['detect 2', 'detected 2']);
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
