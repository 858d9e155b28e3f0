import { describe, expect, test } from 'vitest';
import { linear } from '../../src/kernels/linear';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { expectCounted, expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { expectStored, gemmVariants, map } from './gemm_cases';
import { linearInputs as inputsOf, type LinearCase as Case } from './gemm_fixtures';

function gradientVariants(variant: string | undefined): Record<string, string> {
  return variant === undefined ? {} : { linear: variant, linearDataGradient: variant, linearWeightGradient: variant };
}

describe('linear', () => {
  for (const { name, attributes: c, outputs } of fixtures<Case>('linear')) {
    test(name, async () => {
      for (const variant of await gemmVariants()) {
        const options = { stored: true, ...(variant === undefined ? {} : { variant }) };
        const [y] = await runOp(linear, inputsOf(c), { activation: c.activation }, options);
        expect(y.spec.shape).toEqual(outputs.y.shape);
        expectStored(y, outputs.y.data as Float32Array, 1e-4, `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  for (const { name, attributes: c, outputs } of fixtures<Case>('linear').filter(({ outputs }) => 'd_x' in outputs)) {
    test(`gradients: ${name}`, async () => {
      for (const variant of await gemmVariants()) {
        const options = { stored: true, variants: gradientVariants(variant) };
        const gradients = await runGradient(
          linear,
          inputsOf(c),
          { activation: c.activation },
          [map(outputs.y.shape, 9)],
          options,
        );
        expectGradients(gradients, ['x', 'weight', 'bias'], outputs, 1e-4, `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  test.each([0, 1, 67])('gradients of %i rows in use only', async (count) => {
    const { attributes: c, outputs } = fixtures<Case>('linear').find(({ name }) => name === 'matrix, many rows')!;
    for (const variant of await gemmVariants()) {
      const options = { variants: gradientVariants(variant) };
      await expectCounted(
        linear,
        inputsOf(c),
        { activation: c.activation },
        map(outputs.y.shape, 9),
        count,
        [0],
        options,
      );
    }
  });

  test('only the rows in use are computed', async () => {
    const found = fixtures<Case>('linear').find(({ name }) => name === 'matrix, many rows');
    expect(found).toBeDefined();
    if (found === undefined) {
      return;
    }
    const expected = found.outputs.y.data as Float32Array;
    const columns = found.attributes.weight[0];
    for (const variant of await gemmVariants()) {
      for (const count of [0, 1, 67]) {
        const [x, ...others] = inputsOf(found.attributes);
        const options = variant === undefined ? {} : { variant };
        const [y] = await runOp(linear, [{ ...x, count }, ...others], { activation: 'sigmoid' }, options);
        const used = count * columns;
        const what = `${variant ?? 'default'}, ${count} rows`;
        expectClose(y.values.subarray(0, used), expected.subarray(0, used), 1e-4, what);
        // the test's memory is fresh, hence zero, and sigmoid is not
        const rest = y.values.subarray(used);
        expectSame(rest, new Float32Array(rest.length), `${what}, the others`);
      }
    }
  });
});
