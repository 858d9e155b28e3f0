import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';

export interface TestObject {
  readonly id?: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly iscrowd?: number;
  readonly bbox?: readonly number[];
  readonly segmentation?: unknown;
}

/** The polygon of a rectangle of pixels. */
export function rectangle(x: number, y: number, width: number, height: number): number[][] {
  return [[x, y, x + width, y, x + width, y + height, x, y + height]];
}

/** A COCO file's text. */
export function cocoText(
  images: readonly { id: number; file_name: string; width?: number; height?: number }[],
  categories: readonly { id: number; name: string }[],
  annotations: readonly TestObject[],
): string {
  return JSON.stringify({ images, categories, annotations: annotations.map((one, i) => ({ id: i + 1, ...one })) });
}

/** Colours that tell every pixel of every image from its neighbours. */
export function testColours(width: number, height: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + seed * 31) & 0xff);
}

/** Writes a PNG file of `testColours`. */
export function writeImage(path: string, width: number, height: number, seed: number): void {
  const colours = testColours(width, height, seed);
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    png.data.set([...colours.subarray(i * 3, i * 3 + 3), 255], i * 4);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, PNG.sync.write(png));
}

/** Writes `count` images of growing size with one to three rectangles each, and their file; returns its path. */
export function writeDataset(folder: string, count: number): string {
  const images = Array.from({ length: count }, (_, i) => ({
    id: 100 + i,
    file_name: `images/${i}.png`,
    width: 9 + i,
    height: 8,
  }));
  images.forEach(({ file_name, width, height }, i) => {
    writeImage(join(folder, file_name), width, height, i);
  });
  const annotations = images.flatMap(({ id }, i) =>
    Array.from({ length: 1 + (i % 3) }, (_, k) => ({
      image_id: id,
      category_id: 1,
      segmentation: rectangle(k, k, 4, 2 + k),
    })),
  );
  const path = join(folder, 'ann.json');
  writeFileSync(path, cocoText(images, [{ id: 1, name: 'grain' }], annotations));
  return path;
}
