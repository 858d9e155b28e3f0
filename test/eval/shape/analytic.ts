import type { Rle } from '../../../src/eval/rle';
import { rleEncode } from '../../../src/eval/rle';

/** Whether a point, in pixels from the shape's centre (x to the right, y downwards), lies inside. */
export type Inside = (x: number, y: number) => boolean;

export function disc(radius: number): Inside {
  return (x, y) => x * x + y * y <= radius * radius;
}

export function ellipse(a: number, b: number, degrees: number): Inside {
  return turned(degrees, (x, y) => (x / a) ** 2 + (y / b) ** 2 <= 1);
}

/** Sides 2a and 2b; the side 2a lies along x where `degrees` is 0. */
export function rectangle(a: number, b: number, degrees: number): Inside {
  return turned(degrees, (x, y) => Math.abs(x) <= a && Math.abs(y) <= b);
}

/** Turns a shape counter-clockwise as seen on the screen. */
function turned(degrees: number, inside: Inside): Inside {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return (x, y) => inside(c * x - s * y, s * x + c * y);
}

/**
 * The mask of a shape: a pixel is inside where its centre is. The shape lies in the middle of an image of `size` pixels
 * each way, shifted by (dx, dy).
 */
export function rasterise(inside: Inside, size: number, dx = 0, dy = 0): Rle {
  const mask = new Uint8Array(size * size);
  for (let x = 0; x < size; x++) {
    for (let y = 0; y < size; y++) {
      mask[x * size + y] = inside(x + 0.5 - size / 2 - dx, y + 0.5 - size / 2 - dy) ? 1 : 0;
    }
  }
  return rleEncode(mask, size, size);
}

/** `count * count` shifts of less than a pixel, evenly spread over a pixel but on none of its lines of symmetry. */
export function shifts(count: number): [dx: number, dy: number][] {
  return Array.from({ length: count * count }, (_, i) => {
    const [column, row] = [i % count, Math.floor(i / count)];
    return [(column + 0.31) / count - 0.5, (row + 0.47) / count - 0.5];
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
