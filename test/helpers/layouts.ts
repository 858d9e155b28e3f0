import { expect } from 'vitest';
import { dense, featureMap, fromStored, pitch, storedLength, type TensorSpec } from '../../src/kernels/tensor';
import { toNhwc } from './compare';
import type { FixtureTensor } from './fixtures';
import type { HostValues, TestTensor } from './gpu';

/** A fixture's [N, C, H, W] tensor as a feature map. */
export function mapInput({ shape, data }: FixtureTensor): TestTensor {
  const [n, c, h, w] = shape;
  return { spec: featureMap([n, h, w, c]), values: toNhwc(data as Float32Array, shape) };
}

/** A fixture's tensor in its own axis order. */
export function plainInput({ shape, data }: FixtureTensor, layout: TensorSpec['layout'] = 'dense'): TestTensor {
  return { spec: layout === 'dense' ? dense(shape) : featureMap(shape), values: data };
}

/** The values of a tensor read as it lies in memory, after a check that its channel padding is zero. */
export function unpad(spec: TensorSpec, stored: HostValues, what = ''): HostValues {
  const last = spec.shape.at(-1) ?? 1;
  const length = storedLength(spec);
  expect(stored.length, `${what}: stored length`).toBeGreaterThanOrEqual(length);
  for (let i = 0; i < length; i++) {
    if (i % pitch(spec) >= last && !(stored[i] === 0)) {
      expect.fail(`${what}: padding at ${i} is ${stored[i]}`);
    }
  }
  return fromStored(spec, stored.slice().buffer);
}
