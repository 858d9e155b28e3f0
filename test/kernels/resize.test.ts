import { expect, test } from 'vitest';
import { resize, upsampleAdd, type ResizeMode } from '../../src/kernels/resize';
import { featureMap } from '../../src/kernels/tensor';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { mapInput, unpad } from '../helpers/layouts';
import { map } from './gemm_cases';

const cases = fixtures<{ op: 'resize' | 'upsampleAdd'; size: [number, number]; mode: ResizeMode }>('resize');

test.each(cases)('$name', async ({ name, attributes, inputs, outputs }) => {
  const { op, size, mode } = attributes;
  const expected = toNhwc(outputs.y.data as Float32Array, outputs.y.shape);
  if (op === 'upsampleAdd') {
    const [y] = await runOp(upsampleAdd, [mapInput(inputs.top), mapInput(inputs.lateral)], {}, { stored: true });
    expectClose(unpad(y.spec, y.values, name), expected, 1e-6, name);
    return;
  }
  const [y] = await runOp(resize, [mapInput(inputs.x)], { size, mode }, { stored: true });
  const values = unpad(y.spec, y.values, name);
  if (mode === 'nearest') {
    expectSame(values, expected, name);
  } else {
    expectClose(values, expected, 1e-5, name);
  }
});

test.each(cases)('gradients: $name', async ({ name, attributes, inputs, outputs }) => {
  const { op, size, mode } = attributes;
  const weight = map(outputs.y.shape, 9);
  if (op === 'upsampleAdd') {
    const tensors = [mapInput(inputs.top), mapInput(inputs.lateral)];
    const gradients = await runGradient(upsampleAdd, tensors, {}, [weight], { stored: true });
    expectGradients(gradients, ['top', 'lateral'], outputs, 1e-5, name);
    return;
  }
  const gradients = await runGradient(resize, [mapInput(inputs.x)], { size, mode }, [weight], { stored: true });
  expectGradients(gradients, ['x'], outputs, 1e-5, name);
});

test('maps that do not fit are refused', () => {
  expect(() => upsampleAdd.infer([featureMap([1, 2, 2, 4]), featureMap([1, 4, 4, 8])], {})).toThrow(/does not fit/);
  expect(() => resize.infer([featureMap([1, 0, 2, 4])], { size: [2, 2], mode: 'nearest' })).toThrow(/cannot go/);
});
