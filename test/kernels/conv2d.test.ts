import { describe, expect, test } from 'vitest';
import { conv2d, type Conv2dAttributes } from '../../src/kernels/conv2d';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { expectCentralDifferences, expectCounted, expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { expectStored, gemmVariants, map, parameter } from './gemm_cases';
import { convAttributes as attributesOf, convInputs as inputsOf, type ConvCase as Case } from './gemm_fixtures';

async function variantsFor(c: Case): Promise<(string | undefined)[]> {
  if (c.groups > 1) {
    return [undefined, 'plain'];
  }
  return [...(await gemmVariants()), ...(allowsWinograd(c) ? ['winograd'] : [])];
}

function allowsWinograd({ weight, stride, dilation, groups }: Case): boolean {
  return weight.slice(2).join() === '3,3' && [...stride, ...dilation, groups].every((value) => value === 1);
}

/** The variant for forward, and the one that it stands for in each part of the backward. */
function gradientVariants(variant: string | undefined): Record<string, string> {
  if (variant === undefined) {
    return {};
  }
  return { conv2d: variant, convDataGradient: variant, convWeightGradient: variant };
}

/** F(4x4, 3x3) evaluates polynomials at points up to 2, which costs a digit or two; the default may choose it. */
function boundOf(variant: string | undefined, c: Case): number {
  return variant === 'winograd' || (variant === undefined && allowsWinograd(c)) ? 1e-3 : 1e-4;
}

describe('conv2d', () => {
  for (const { name, attributes: c, outputs } of fixtures<Case>('conv2d')) {
    test(name, async () => {
      const expected = toNhwc(outputs.y.data as Float32Array, outputs.y.shape);
      for (const variant of await variantsFor(c)) {
        const options = { stored: true, ...(variant === undefined ? {} : { variant }) };
        const [y] = await runOp(conv2d, inputsOf(c, outputs.y.shape), attributesOf(c), options);
        const [n, o, oh, ow] = outputs.y.shape;
        expect(y.spec.shape).toEqual([n, oh, ow, o]);
        expectStored(y, expected, boundOf(variant, c), `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  for (const [name, counts] of [
    ['3x3, many images', [0, 1, 7, 11, 16]],
    ['3x3, several runs', [2, 4]],
  ] as const) {
    test(`only the images in use are computed: ${name}`, async () => {
      const c = fixtures<Case>('conv2d').find((found) => found.name === name);
      expect(c).toBeDefined();
      if (c === undefined) {
        return;
      }
      const { shape, data } = c.outputs.y;
      const expected = toNhwc(data as Float32Array, shape);
      const [x, ...others] = inputsOf(c.attributes, shape);
      for (const variant of await variantsFor(c.attributes)) {
        for (const count of counts) {
          const options = variant === undefined ? {} : { variant };
          const counted = x === null ? null : { ...x, count };
          const [y] = await runOp(conv2d, [counted, ...others], attributesOf(c.attributes), options);
          const used = (expected.length / shape[0]) * Math.min(count, shape[0]);
          const what = `${variant ?? 'default'}, ${count} images`;
          expectClose(y.values.subarray(0, used), expected.subarray(0, used), boundOf(variant, c.attributes), what);
          // the test's memory is fresh, hence zero, and the bias is not; Winograd's scratch may have lain there before
          const rest = y.values.subarray(used);
          if (variant !== undefined && variant !== 'winograd') {
            expectSame(rest, new Float32Array(rest.length), `${what}, the others`);
          }
        }
      }
    });
  }

  for (const { name, attributes: c, outputs } of fixtures<Case>('conv2d').filter(({ outputs }) => 'd_x' in outputs)) {
    test(`gradients: ${name}`, async () => {
      for (const variant of await variantsFor(c)) {
        const gradients = await runGradient(
          conv2d,
          inputsOf(c, outputs.y.shape),
          attributesOf(c),
          [map(outputs.y.shape, 9)],
          { stored: true, variants: gradientVariants(variant) },
        );
        const roles = ['x', 'weight', 'bias', 'residual'];
        expectGradients(gradients, roles, outputs, boundOf(variant, c), `${name}, ${variant ?? 'default'}`);
      }
    });
  }

  test.each([
    ['3x3, many images', 7],
    ['3x3, many images', 0],
    ['7x7, stride 2', 0],
    ['pointwise, stride 2', 1],
    ['pointwise, few outputs', 2],
    ['3x3, groups', 1],
  ])('gradients of the images in use only: %s, %i', async (name, count) => {
    const { attributes: c, outputs } = fixtures<Case>('conv2d').find((found) => found.name === name)!;
    for (const variant of await variantsFor(c)) {
      const options = { variants: gradientVariants(variant) };
      const weight = map(outputs.y.shape, 9);
      await expectCounted(conv2d, inputsOf(c, outputs.y.shape), attributesOf(c), weight, count, [0, 3], options);
    }
  });

  test('a weight gradient over several runs of pixels or tiles is that of one', async () => {
    const [x, weight] = [map([4, 68, 90, 87], 1), parameter([5, 68, 3, 3], 2)];
    const attributes: Conv2dAttributes = {
      stride: [1, 1],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
      activation: 'none',
    };
    const dy = map([4, 5, 90, 87], 9);
    const run = (variants: Record<string, string>) =>
      runGradient(conv2d, [x, weight, null, null], attributes, [dy], { variants, wanted: [1] });
    const [, expected] = await run({ convWeightGradient: 'plain' });
    const gemms = (await gemmVariants()).filter((name): name is string => name !== undefined && name !== 'plain');
    for (const convWeightGradient of [...gemms, 'winograd']) {
      const [, actual] = await run({ convWeightGradient });
      const [, again] = await run({ convWeightGradient });
      expectClose(actual!.values, expected!.values, 1e-4, convWeightGradient);
      expectSame(actual!.values, again!.values, convWeightGradient);
    }
  });

  test('central differences', async () => {
    const inputs = [map([2, 5, 7, 6], 1), parameter([6, 5, 3, 3], 2), parameter([6], 3), map([2, 6, 4, 3], 4)];
    const attributes: Conv2dAttributes = {
      stride: [2, 2],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
      activation: 'sigmoid',
    };
    await expectCentralDifferences(conv2d, inputs, attributes, 1e-3);
  });

  test('a variant that cannot do a shape says so', async () => {
    const inputs = [map([1, 4, 6, 6], 1), parameter([4, 4, 3, 3], 2), null, null];
    const attributes: Conv2dAttributes = {
      stride: [2, 2],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
      activation: 'none',
    };
    await expect(runOp(conv2d, inputs, attributes, { variant: 'winograd' })).rejects.toThrow(/winograd/);
    await expect(runOp(conv2d, inputs, attributes, { variant: 'fastest' })).rejects.toThrow(/fastest/);
    await expect(runOp(conv2d, inputs, { ...attributes, groups: 2 })).rejects.toThrow(/groups/);
  });
});
