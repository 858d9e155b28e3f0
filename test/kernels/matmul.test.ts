import { describe, expect, test } from 'vitest';
import { matmul } from '../../src/kernels/matmul';
import { featureMap, product } from '../../src/kernels/tensor';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { expectStored, gemmVariants } from './gemm_cases';

interface Case {
  readonly a: number[];
  readonly b: number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

describe('matmul', () => {
  for (const { name, attributes: c, outputs } of fixtures<Case>('matmul')) {
    test(name, async () => {
      const [a, b] = [c.a, c.b].map((shape, i) => {
        return { spec: featureMap(shape), values: formula(product(shape), i + 1) };
      });
      const attributes = { transposeA: c.transposeA, transposeB: c.transposeB };
      for (const variant of await gemmVariants()) {
        const options = { stored: true, ...(variant === undefined ? {} : { variant }) };
        const [y] = await runOp(matmul, [a, b], attributes, options);
        expect(y.spec.shape).toEqual(outputs.y.shape);
        expectStored(y, outputs.y.data as Float32Array, 1e-4, `${name}, ${variant ?? 'default'}`);
        const weight = { spec: y.spec, values: formula(product(y.spec.shape), 9) };
        const variants: Record<string, string> = variant === undefined ? {} : { matmul: variant };
        const gradients = await runGradient(matmul, [a, b], attributes, [weight], { stored: true, variants });
        expectGradients(gradients, ['a', 'b'], outputs, 1e-4, `${name}, ${variant ?? 'default'}`, 'NHWC');
      }
    });
  }

  test('shapes that do not fit are refused', async () => {
    const a = { spec: featureMap([2, 3]), values: new Float32Array(6) };
    await expect(runOp(matmul, [a, a], { transposeA: false, transposeB: false })).rejects.toThrow(/do not fit/);
  });
});
