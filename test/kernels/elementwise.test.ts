import { describe, expect, test } from 'vitest';
import { binary, unary, type BinaryFunction, type UnaryFunction } from '../../src/kernels/elementwise';
import { ShapeError } from '../../src/kernels/op';
import { dense, featureMap, product, type Layout } from '../../src/kernels/tensor';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectGradients, runGradient } from '../helpers/gradient';
import { runOp, testDevice } from '../helpers/gpu';
import { plainInput, unpad } from '../helpers/layouts';

interface Attributes {
  op: 'unary' | 'binary';
  function: string;
  activation: 'none' | 'relu';
  layout: Layout;
  layouts: [Layout, Layout];
}

const cases = fixtures<Attributes>('elementwise');

describe('unary', () => {
  test.each(cases.filter((c) => c.attributes.op === 'unary'))(
    '$name',
    async ({ name, attributes, inputs, outputs }) => {
      const x = plainInput(inputs.x, attributes.layout);
      const [y] = await runOp(unary, [x], { function: attributes.function as UnaryFunction }, { stored: true });
      expectClose(unpad(y.spec, y.values, name), outputs.y.data, 1e-5, name);
    },
  );

  test.each(cases.filter((c) => c.attributes.op === 'unary'))(
    'gradient: $name',
    async ({ name, attributes, inputs, outputs }) => {
      const x = plainInput(inputs.x, attributes.layout);
      const weight = { spec: x.spec, values: formula(x.values.length, 9) };
      const settings = { function: attributes.function as UnaryFunction };
      const gradients = await runGradient(unary, [x], settings, [weight], { stored: true });
      expectGradients(gradients, ['x'], outputs, 1e-5, name, 'NHWC');
    },
  );

  test('many items leave no memory behind', async () => {
    const gpu = await testDevice();
    const before = { live: gpu.memory.live, count: gpu.memory.count };
    const spec = featureMap([2, 65, 67, 8]);
    const values = formula(2 * 65 * 67 * 8, 1);
    const [y] = await runOp(unary, [{ spec, values }], { function: 'relu' });
    expectSame(
      y.values,
      values.map((v) => Math.max(v, 0)),
    );
    expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual(before);
  });

  test.each([0, 1, 3, 11])('a count of %i items', async (count) => {
    const values = formula(11 * 5, 1);
    for (const spec of [featureMap([11, 5]), dense([11, 5])]) {
      const [y] = await runOp(unary, [{ spec, values, count }], { function: 'neg' });
      expectSame(
        y.values.slice(0, count * 5),
        values.slice(0, count * 5).map((v) => -v),
      );
    }
  });
});

describe('binary', () => {
  test.each(cases.filter((c) => c.attributes.op === 'binary'))(
    '$name',
    async ({ name, attributes, inputs, outputs }) => {
      const a = plainInput(inputs.a, attributes.layouts[0]);
      const b = plainInput(inputs.b, attributes.layouts[1]);
      const settings = { function: attributes.function as BinaryFunction, activation: attributes.activation };
      const [y] = await runOp(binary, [a, b], settings, { stored: true });
      expect(y.spec.shape).toEqual(outputs.y.shape);
      expectClose(unpad(y.spec, y.values, name), outputs.y.data, 1e-5, name);
    },
  );

  test.each(cases.filter((c) => c.attributes.op === 'binary'))(
    'gradients: $name',
    async ({ name, attributes, inputs, outputs }) => {
      const a = plainInput(inputs.a, attributes.layouts[0]);
      const b = plainInput(inputs.b, attributes.layouts[1]);
      const settings = { function: attributes.function as BinaryFunction, activation: attributes.activation };
      const [spec] = binary.infer([a.spec, b.spec], settings);
      const weight = { spec, values: formula(product(spec.shape), 9) };
      const wanted = attributes.function === 'pow' ? [0] : [0, 1];
      const gradients = await runGradient(binary, [a, b], settings, [weight], { stored: true, wanted });
      expectGradients(gradients, ['a', 'b'], outputs, 1e-5, name, 'NHWC');
    },
  );

  test('where two are the same, max and min give each half of the gradient', async () => {
    const spec = dense([3]);
    const inputs = [
      { spec, values: Float32Array.of(1, 2, 2) },
      { spec, values: Float32Array.of(1, 1, 3) },
    ];
    const weight = { spec, values: Float32Array.of(2, 4, 8) };
    const run = (name: BinaryFunction) =>
      runGradient(binary, inputs, { function: name, activation: 'none' as const }, [weight]);
    const values = async (name: BinaryFunction) => (await run(name)).map((gradient) => [...gradient!.values]);
    expect(await values('max')).toEqual([
      [1, 4, 0],
      [1, 0, 8],
    ]);
    expect(await values('min')).toEqual([
      [1, 0, 8],
      [1, 4, 0],
    ]);
  });

  test.each([0, 2, 9])('a count of %i items', async (count) => {
    const a = formula(9 * 6, 2);
    const b = formula(6, 3);
    const inputs = [
      { spec: dense([9, 6]), values: a, count },
      { spec: dense([6]), values: b },
    ];
    const [y] = await runOp(binary, inputs, { function: 'add', activation: 'none' });
    expectSame(
      y.values.slice(0, count * 6),
      a.slice(0, count * 6).map((v, i) => v + b[i % 6]),
    );
  });

  test('0 to the power 0 is 1 and padding stays zero', async () => {
    const values = new Float32Array(6);
    const spec = featureMap([2, 3]);
    const [y] = await runOp(
      binary,
      [
        { spec, values },
        { spec, values },
      ],
      { function: 'pow', activation: 'none' },
      { stored: true },
    );
    expectSame(unpad(y.spec, y.values), new Float32Array(6).fill(1));
  });

  test('five equal axes, in two layouts', async () => {
    const shape = [2, 3, 1, 2, 5];
    const a = formula(60, 2);
    const b = formula(60, 3).map((v) => v + 2);
    const inputs = [
      { spec: featureMap(shape), values: a },
      { spec: dense(shape), values: b },
    ];
    const [y] = await runOp(binary, inputs, { function: 'div', activation: 'none' }, { stored: true });
    const expected = a.map((v, i) => v / b[i]);
    expectClose(unpad(y.spec, y.values), expected, 1e-6);
    expect(() => binary.infer([dense(shape), dense([5])], { function: 'div', activation: 'none' })).toThrow(
      /four axes/,
    );
  });

  test('shapes that do not broadcast are refused', () => {
    const attributes = { function: 'add', activation: 'none' } as const;
    expect(() => binary.infer([dense([3, 4]), dense([3])], attributes)).toThrow(ShapeError);
    expect(() => binary.infer([dense([3, 4]), dense([4], 'u32')], attributes)).toThrow(/u32/);
  });
});
