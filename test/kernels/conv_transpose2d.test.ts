import { describe, expect, test } from 'vitest';
import { convTranspose2d, type ConvTranspose2dAttributes } from '../../src/kernels/conv_transpose2d';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { expectCounted, expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { expectStored, gemmVariants, map, parameter } from './gemm_cases';
import {
  convTransposeAttributes as attributesOf,
  convTransposeInputs as inputsOf,
  type ConvTransposeCase as Case,
} from './gemm_fixtures';

function gradientVariants(variant: string | undefined): Record<string, string> {
  return variant === undefined ? {} : { convTranspose2d: variant, conv2d: variant, convWeightGradient: variant };
}

describe('convTranspose2d', () => {
  for (const { name, attributes: c, outputs } of fixtures<Case>('conv_transpose2d')) {
    test(name, async () => {
      const expected = toNhwc(outputs.y.data as Float32Array, outputs.y.shape);
      const variants = name.startsWith('blocks') ? await gemmVariants() : [undefined, 'plain'];
      for (const variant of variants) {
        const options = { stored: true, ...(variant === undefined ? {} : { variant }) };
        const [y] = await runOp(convTranspose2d, inputsOf(c), attributesOf(c), options);
        const [n, o, oh, ow] = outputs.y.shape;
        expect(y.spec.shape).toEqual([n, oh, ow, o]);
        expectStored(y, expected, 1e-4, `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  for (const { name, attributes: c, outputs } of fixtures<Case>('conv_transpose2d')) {
    test(`gradients: ${name}`, async () => {
      for (const variant of name.startsWith('blocks') ? await gemmVariants() : [undefined, 'plain']) {
        const options = { stored: true, variants: gradientVariants(variant) };
        const weight = map(outputs.y.shape, 9);
        const gradients = await runGradient(convTranspose2d, inputsOf(c), attributesOf(c), [weight], options);
        expectGradients(gradients, ['x', 'weight', 'bias'], outputs, 1e-4, `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  test.each([0, 5])('gradients of %i images in use only', async (count) => {
    const { attributes: c, outputs } = fixtures<Case>('conv_transpose2d').find(
      ({ name }) => name === 'blocks, many rows',
    )!;
    for (const variant of await gemmVariants()) {
      const options = { variants: gradientVariants(variant) };
      const weight = map(outputs.y.shape, 9);
      await expectCounted(convTranspose2d, inputsOf(c), attributesOf(c), weight, count, [0], options);
    }
  });

  test('only the images in use are computed', async () => {
    const found = fixtures<Case>('conv_transpose2d').find(({ name }) => name === 'blocks, many rows');
    expect(found).toBeDefined();
    if (found === undefined) {
      return;
    }
    const { shape, data } = found.outputs.y;
    const expected = toNhwc(data as Float32Array, shape);
    for (const variant of await gemmVariants()) {
      for (const count of [0, 5]) {
        const [x, ...others] = inputsOf(found.attributes);
        const options = variant === undefined ? {} : { variant };
        const attributes = attributesOf(found.attributes);
        const [y] = await runOp(convTranspose2d, [{ ...x, count }, ...others], attributes, options);
        const used = (expected.length / shape[0]) * count;
        expectClose(y.values.subarray(0, used), expected.subarray(0, used), 1e-4, `${variant ?? 'default'}, ${count}`);
        // the test's memory is fresh, hence zero, and sigmoid is not
        const rest = y.values.subarray(used);
        expectSame(rest, new Float32Array(rest.length), `${variant ?? 'default'}, ${count}, the others`);
      }
    }
  });

  test('a GEMM variant refuses windows that overlap', async () => {
    const inputs = [map([1, 4, 3, 3], 1), parameter([4, 4, 3, 3], 2), null];
    const attributes: ConvTranspose2dAttributes = {
      stride: [2, 2],
      padding: [0, 0],
      outputPadding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      activation: 'none',
    };
    await expect(runOp(convTranspose2d, inputs, attributes, { variant: 'tiled' })).rejects.toThrow(/tiled/);
  });
});
