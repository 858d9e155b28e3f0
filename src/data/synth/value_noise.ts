import type { RandomStream } from './random';

/** 0 below `low`, 1 above `high` (or the other way round where low > high), smooth between. */
export function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Between the values of a row-major grid at `i`, right of it and below: `tx` and `ty`, 0 to 1, are the place. */
export function bilinear(grid: Float32Array, columns: number, i: number, tx: number, ty: number): number {
  const upper = grid[i] + tx * (grid[i + 1] - grid[i]);
  const lower = grid[i + columns] + tx * (grid[i + columns + 1] - grid[i + columns]);
  return upper + ty * (lower - upper);
}

/** Smooth noise in -1 to 1 over a row-major picture: random values on a grid of `cell` pixels, smoothly interpolated. */
export function noise2d(random: RandomStream, width: number, height: number, cell: number): Float32Array {
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const grid = Float32Array.from({ length: columns * rows }, () => random.uniform(-1, 1));
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / cell);
    const ty = smoothstep(0, 1, y / cell - row);
    for (let x = 0; x < width; x++) {
      const column = Math.floor(x / cell);
      const tx = smoothstep(0, 1, x / cell - column);
      out[y * width + x] = bilinear(grid, columns, row * columns + column, tx, ty);
    }
  }
  return out;
}

/** Smooth periodic noise in -1 to 1 at a place in turns; `values` are its values at equal distances around the circle. */
export function periodicNoise(values: ArrayLike<number>, turns: number): number {
  const at = (turns - Math.floor(turns)) * values.length;
  const i = Math.floor(at) % values.length;
  return values[i] + smoothstep(0, 1, at - Math.floor(at)) * (values[(i + 1) % values.length] - values[i]);
}
