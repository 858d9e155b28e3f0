import { expect, test } from 'vitest';
import { softmax } from '../../src/kernels/softmax';
import { dense, type Layout } from '../../src/kernels/tensor';
import { expectClose } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { plainInput, unpad } from '../helpers/layouts';

const cases = fixtures<Record<string, never>>('softmax').flatMap((c) => {
  return (['channels4', 'dense'] satisfies Layout[]).map((layout) => ({ ...c, layout }));
});

test.each(cases)('$name $layout', async ({ name, layout, inputs, outputs }) => {
  const [y] = await runOp(softmax, [plainInput(inputs.x, layout)], {}, { stored: true });
  expectClose(unpad(y.spec, y.values, name), outputs.y.data, 1e-5, name);
});

test.each(cases)('gradient: $name $layout', async ({ name, layout, inputs, outputs }) => {
  const x = plainInput(inputs.x, layout);
  const weight = { spec: x.spec, values: formula(x.values.length, 9) };
  const gradients = await runGradient(softmax, [x], {}, [weight], { stored: true });
  expectGradients(gradients, ['x'], outputs, 1e-5, name, 'NHWC');
});

test.each([0, 2, 5])('a count of %i rows', async (count) => {
  const values = formula(5 * 3, 50);
  const [y] = await runOp(softmax, [{ spec: dense([5, 3]), values, count }], {});
  const expected = Array.from({ length: count * 3 }, (_, i) => {
    const row = [...values.slice(Math.floor(i / 3) * 3, Math.floor(i / 3) * 3 + 3)].map(Math.exp);
    return row[i % 3] / (row[0] + row[1] + row[2]);
  });
  expectClose(y.values.slice(0, count * 3), expected, 1e-6);
});

test('many rows', async () => {
  const values = formula(6001 * 2, 51);
  const [y] = await runOp(softmax, [{ spec: dense([6001, 2]), values }], {});
  expectClose(
    y.values,
    values.map((v, i) => 1 / (1 + Math.exp(values[i ^ 1] - v))),
    1e-6,
  );
});

test('a single axis is refused', () => {
  expect(() => softmax.infer([dense([4])], {})).toThrow(/two axes/);
});
