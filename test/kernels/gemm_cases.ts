import { expect } from 'vitest';
import { TILE_NAMES } from '../../src/kernels/gemm/variants';
import { dense, featureMap, pitch, product, rows, type TensorSpec } from '../../src/kernels/tensor';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice, type HostValues, type TestTensor } from '../helpers/gpu';

/** A formula's values in PyTorch's layout as a feature map (four axes) or a matrix. */
export function map(shape: readonly number[], seed: number): TestTensor {
  const values = formula(product(shape), seed);
  if (shape.length !== 4) {
    return { spec: featureMap(shape), values };
  }
  const [n, c, h, w] = shape;
  return { spec: featureMap([n, h, w, c]), values: toNhwc(values, shape) };
}

export function parameter(shape: readonly number[], seed: number): TestTensor {
  return { spec: dense(shape), values: formula(product(shape), seed), parameter: true };
}

/** In a page, whose software adapter takes long to compile, one tile stands for all. */
const TILES_TRIED = 'document' in globalThis ? (['64x64'] as const) : TILE_NAMES;

/** The default, and every GEMM variant that the adapter can run. */
export async function gemmVariants(): Promise<(string | undefined)[]> {
  const { capabilities } = await testDevice();
  const panel = capabilities.software && capabilities.subgroupSize > 0;
  return [undefined, 'plain', ...TILES_TRIED.map((name) => `tiled ${name}`), ...(panel ? ['panel'] : [])];
}

/** Holds an output, as it lies in memory, against its expected values, and its padding against zero. */
export function expectStored(
  actual: { readonly spec: TensorSpec; readonly values: HostValues },
  expected: Float32Array,
  bound: number,
  what: string,
): void {
  const last = actual.spec.shape.at(-1) ?? 1;
  const stride = pitch(actual.spec);
  const values: number[] = [];
  const padding: number[] = [];
  for (let row = 0; row < rows(actual.spec); row++) {
    for (let i = 0; i < stride; i++) {
      expect(row * stride + i, `${what}: length`).toBeLessThan(actual.values.length);
      (i < last ? values : padding).push(actual.values[row * stride + i]);
    }
  }
  expectClose(values, expected, bound, what);
  expectSame(padding, new Float32Array(padding.length), `${what}, padding`);
}
