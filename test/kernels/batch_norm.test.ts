import { expect, test } from 'vitest';
import { foldBatchNorm, frozenBatchNorm } from '../../src/kernels/batch_norm';
import { dense, featureMap, product } from '../../src/kernels/tensor';
import { expectClose, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { expectGradients, runGradient } from '../helpers/gradient';
import { formula } from '../helpers/formula';
import { runOp } from '../helpers/gpu';
import { mapInput, plainInput, unpad } from '../helpers/layouts';
import { map } from './gemm_cases';

const cases = fixtures<{ op: 'frozen' | 'fold'; eps: number }>('batch_norm');

test.each(cases.filter((c) => c.attributes.op === 'frozen'))('$name', async ({ name, attributes, inputs, outputs }) => {
  const parameters = [inputs.weight, inputs.bias, inputs.mean, inputs.variance].map((tensor) => plainInput(tensor));
  const [y] = await runOp(
    frozenBatchNorm,
    [mapInput(inputs.x), ...parameters],
    { eps: attributes.eps },
    { stored: true },
  );
  expectClose(unpad(y.spec, y.values, name), toNhwc(outputs.y.data as Float32Array, outputs.y.shape), 1e-5, name);
  const tensors = [mapInput(inputs.x), ...parameters];
  const settings = { eps: attributes.eps };
  const gradients = await runGradient(frozenBatchNorm, tensors, settings, [map(outputs.y.shape, 9)], { stored: true });
  expectGradients(gradients, ['x', '', '', '', ''], outputs, 1e-5, name);
});

test.each(cases.filter((c) => c.attributes.op === 'fold'))('$name', async ({ name, attributes, inputs, outputs }) => {
  for (const parameter of [true, false]) {
    const tensors = [inputs.conv_weight, inputs.conv_bias, inputs.weight, inputs.bias, inputs.mean, inputs.variance];
    const operands = tensors.map((tensor) => (tensor === undefined ? null : { ...plainInput(tensor), parameter }));
    const [weight, bias] = await runOp(foldBatchNorm, operands, { eps: attributes.eps });
    expect(weight.spec).toEqual(dense(outputs.weight.shape));
    expectClose(weight.values, outputs.weight.data, 1e-5, `${name} weight`);
    expectClose(bias.values, outputs.bias.data, 1e-5, `${name} bias`);
    const cotangents = [weight, bias].map(({ spec }, i) => {
      return { spec, values: formula(product(spec.shape), 9 + i) };
    });
    const gradients = await runGradient(foldBatchNorm, operands, { eps: attributes.eps }, cotangents, { stored: true });
    const { d_weight, ...others } = outputs;
    const expected = inputs.conv_bias === undefined ? { d_weight } : { d_weight, ...others };
    expectGradients(gradients, ['weight', 'bias', '', '', '', ''], expected, 1e-5, name);
  }
});

test('parameters of another width are refused', () => {
  const c = dense([5]);
  expect(() => frozenBatchNorm.infer([featureMap([1, 2, 2, 4]), c, c, c, c], { eps: 0 })).toThrow(/expected \[4\]/);
  expect(() => foldBatchNorm.infer([dense([4, 1, 1, 1]), null, c, c, c, c], { eps: 0 })).toThrow(/expected \[4\]/);
});
