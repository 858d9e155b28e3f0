import { expect } from 'vitest';

const bits = new DataView(new ArrayBuffer(4));

function isFiniteBits(value: number): boolean {
  bits.setFloat32(0, value);
  return (bits.getUint32(0) & 0x7f800000) !== 0x7f800000;
}

/**
 * Largest |actual - expected| over the largest |expected| (at least 1e-6 of it counts as the scale of every element).
 * Lengths, and NaN or infinity in the actual values, fail first.
 */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number, what = ''): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    if (!isFiniteBits(actual[i])) {
      expect.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    }
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) {
      worst = error;
      at = i;
    }
  }
  const relative = worst / (scale || 1);
  if (!(relative <= bound)) {
    expect.fail(
      `${what}: element ${at} is ${actual[at]}, expected ${expected[at]}; relative error ${relative}, bound ${bound}`,
    );
  }
}

/** Every element equal, lengths first. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what = ''): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!(actual[i] === expected[i])) {
      expect.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    }
  }
}

/** [N, C, H, W] to [N, H, W, C]. */
export function toNhwc(data: Float32Array, [n, c, h, w]: readonly number[]): Float32Array {
  return permute(data, [n, c, h * w]);
}

/** [N, H, W, C] to [N, C, H, W]. */
export function toNchw(data: Float32Array, [n, h, w, c]: readonly number[]): Float32Array {
  return permute(data, [n, h * w, c]);
}

/** [n, a, b] to [n, b, a]. */
function permute(data: Float32Array, [n, a, b]: readonly number[]): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < a; j++) {
      for (let k = 0; k < b; k++) {
        out[(i * b + k) * a + j] = data[(i * a + j) * b + k];
      }
    }
  }
  return out;
}
