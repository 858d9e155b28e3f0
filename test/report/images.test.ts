import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { RgbImage } from '../../src/data/image';
import { embedImage } from '../../src/report/images';

/** Left half of one grey, right half of another. */
function halves(width: number, height: number): RgbImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => ((i / 3) % width < width / 2 ? 40 : 200));
  return { width, height, data, path: 'halves.png' };
}

async function pixelsOf(uri: string): Promise<{ data: Buffer; width: number; height: number }> {
  const [head, base64] = uri.split(',');
  expect(head).toBe('data:image/jpeg;base64');
  const { data, info } = await sharp(Buffer.from(base64, 'base64')).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

describe('embedImage', () => {
  test('scales the longer side down to the limit and says by how much', async () => {
    const { uri, ...size } = await embedImage(halves(400, 100), 100);
    expect(size).toEqual({ width: 100, height: 25, scale: 0.25 });
    const { data, width, height } = await pixelsOf(uri);
    expect([width, height]).toEqual([100, 25]);
    const grey = (x: number, y: number): number => data[(y * width + x) * 3];
    expect(Math.abs(grey(20, 12) - 40)).toBeLessThan(4);
    expect(Math.abs(grey(80, 12) - 200)).toBeLessThan(4);
  });

  test('averages what is smaller than a pixel', async () => {
    // columns of black and white by turns
    const data = Uint8Array.from({ length: 256 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 2 === 0 ? 0 : 255));
    const { uri } = await embedImage({ width: 256, height: 64, data, path: 'stripes.png' }, 64);
    const pixels = await pixelsOf(uri);
    const middle = pixels.data[(8 * pixels.width + 32) * 3];
    expect(Math.abs(middle - 127.5)).toBeLessThan(4);
  });

  test('never scales up, and keeps at least one pixel', async () => {
    expect(await embedImage(halves(30, 20), 1024)).toMatchObject({ width: 30, height: 20, scale: 1 });
    expect(await embedImage(halves(1000, 2), 100)).toMatchObject({ width: 100, height: 1 });
  });
});
