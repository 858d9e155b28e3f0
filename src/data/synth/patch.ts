import { exp } from './exact_math';

/** A rectangle of numbers at whole coordinates of the image; it may reach beyond the image. Row-major. */
export interface Patch {
  /** Column and row of the first pixel. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Rows of samples per pixel row; along a row, coverage is exact. */
const SUBROWS = 4;

/**
 * How much of each pixel lies inside a polygon, 0 to 1. Pixel (x, y) covers [x, x + 1] x [y, y + 1].
 *
 * @param outline x0, y0, x1, y1, …; the last point is joined to the first
 * @param margin empty pixels around, for blurring
 */
export function coverage(outline: Float64Array, margin: number): Patch {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < outline.length; i += 2) {
    left = Math.min(left, outline[i]);
    right = Math.max(right, outline[i]);
    top = Math.min(top, outline[i + 1]);
    bottom = Math.max(bottom, outline[i + 1]);
  }
  const patch = emptyPatch(left, top, right, bottom, margin);
  for (let subrow = 0; subrow < patch.height * SUBROWS; subrow++) {
    const crossings = crossingsAt(outline, patch.top + (subrow + 0.5) / SUBROWS);
    const row = Math.floor(subrow / SUBROWS) * patch.width;
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      addSpan(patch, row, crossings[i] - patch.left, crossings[i + 1] - patch.left);
    }
  }
  return patch;
}

/** A patch of zeros that holds a rectangle. */
export function emptyPatch(left: number, top: number, right: number, bottom: number, margin: number): Patch {
  const [x, y] = [Math.floor(left) - margin, Math.floor(top) - margin];
  const [width, height] = [Math.ceil(right) + margin - x, Math.ceil(bottom) + margin - y];
  return { left: x, top: y, width, height, data: new Float32Array(width * height) };
}

/** The x where the polygon crosses the line at y, ascending. */
function crossingsAt(outline: Float64Array, y: number): number[] {
  const crossings: number[] = [];
  const n = outline.length;
  for (let i = 0; i < n; i += 2) {
    const [x1, y1] = [outline[i], outline[i + 1]];
    const [x2, y2] = [outline[(i + 2) % n], outline[(i + 3) % n]];
    if (y1 <= y !== y2 <= y) {
      crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    }
  }
  return crossings.sort((a, b) => a - b);
}

function addSpan({ width, data }: Patch, row: number, from: number, to: number): void {
  const last = Math.min(width - 1, Math.floor(to));
  for (let x = Math.max(0, Math.floor(from)); x <= last; x++) {
    data[row + x] += Math.max(0, Math.min(to, x + 1) - Math.max(from, x)) / SUBROWS;
  }
}

/** How far a blur of this deviation reaches, in pixels. */
export function blurReach(deviation: number): number {
  return Math.ceil(3 * deviation);
}

/** Gaussian blur of a row-major picture; `deviation` in pixels, zeros beyond the edges. */
export function blur(data: Float32Array, width: number, height: number, deviation: number): Float32Array {
  const reach = blurReach(deviation);
  if (reach === 0) {
    return data;
  }
  const kernel = gaussian(deviation, reach);
  const across = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
      let sum = 0;
      for (let i = from; i <= to; i++) {
        sum += kernel[i - x + reach] * data[y * width + i];
      }
      across[y * width + x] = sum;
    }
  }
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let i = Math.max(0, y - reach); i <= Math.min(height - 1, y + reach); i++) {
      const weight = kernel[i - y + reach];
      for (let x = 0; x < width; x++) {
        out[y * width + x] += weight * across[i * width + x];
      }
    }
  }
  return out;
}

function gaussian(deviation: number, reach: number): Float64Array {
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const x = (i - reach) / deviation;
    return exp(-0.5 * x * x);
  });
  const sum = kernel.reduce((a, b) => a + b, 0);
  return kernel.map((value) => value / sum);
}
