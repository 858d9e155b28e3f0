import { describe, expect, test } from 'vitest';
import { concat, reshape, slice } from '../../src/kernels/copy';
import { dense, featureMap, product, type Layout, type TensorSpec } from '../../src/kernels/tensor';
import { expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { expectCentralDifferences } from '../helpers/gradient';
import { runOp, type TestTensor } from '../helpers/gpu';
import { unpad } from '../helpers/layouts';

const LAYOUTS: Layout[] = ['channels4', 'dense'];

function tensor(shape: number[], layout: Layout, seed: number): TestTensor {
  const spec: TensorSpec = layout === 'dense' ? dense(shape) : featureMap(shape);
  return { spec, values: formula(product(shape), seed) };
}

/** The value at a place in a row-major array. */
function at({ spec, values }: TestTensor, place: readonly number[]): number {
  return values[place.reduce((index, i, axis) => index * spec.shape[axis] + i, 0)];
}

/** Row-major values from a function of the place. */
function build(shape: readonly number[], value: (place: number[]) => number): Float32Array {
  return Float32Array.from({ length: product(shape) }, (_, index) => {
    const place: number[] = [];
    for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
      place[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return value(place);
  });
}

const replaced = (values: readonly number[], axis: number, value: number): number[] =>
  values.map((v, i) => (i === axis ? value : v));

/** The ops are linear, so that a large step is as good as a small one, and loses no digits. */
const LINEAR = { step: 1 };

describe.each(LAYOUTS)('%s', (layout) => {
  test.each([
    [0, [2, 3, 5], [1, 4, 2]],
    [1, [2, 3, 5], [3, 1, 2]],
    [2, [2, 3, 5], [5, 3, 2]],
    [2, [3, 2, 8], [8, 4]],
    [0, [4, 3], [0, 4]],
    [1, [4, 3], [3, 0]],
  ])('concat on axis %i of %j', async (axis, shape, sizes) => {
    const inputs = sizes.map((size, i) => tensor(replaced(shape, axis, size), layout, i + 1));
    const [y] = await runOp(concat, inputs, { axis }, { stored: true });
    const expected = build(y.spec.shape, (place) => {
      let input = 0;
      let index = place[axis];
      for (; index >= sizes[input]; input++) {
        index -= sizes[input];
      }
      return at(inputs[input], replaced(place, axis, index));
    });
    expect(y.spec.shape).toEqual(
      replaced(
        shape,
        axis,
        sizes.reduce((a, b) => a + b),
      ),
    );
    expectSame(unpad(y.spec, y.values), expected);
    await expectCentralDifferences(concat, inputs, { axis }, 1e-5, LINEAR);
  });

  test.each([
    [0, 1, 3, [4, 3, 5]],
    [1, 1, 2, [4, 3, 5]],
    [2, 1, 4, [4, 3, 5]],
    [2, 4, 8, [2, 3, 12]],
    [2, 2, 2, [2, 3, 5]],
    [0, 0, 4, [4, 3, 5]],
  ])('slice of axis %i from %i to %i of %j', async (axis, start, end, shape) => {
    const x = tensor(shape, layout, 7);
    const [y] = await runOp(slice, [x], { axis, start, end }, { stored: true });
    expect(y.spec.shape).toEqual(replaced(shape, axis, end - start));
    expectSame(
      unpad(y.spec, y.values),
      build(y.spec.shape, (place) => at(x, replaced(place, axis, place[axis] + start))),
    );
    await expectCentralDifferences(slice, [x], { axis, start, end }, 1e-5, LINEAR);
  });

  test.each([
    [
      [2, 3, 5],
      [6, 5],
    ],
    [
      [3, 7, 7, 8],
      [3, 392],
    ],
    [
      [0, 3, 4],
      [0, 12],
    ],
  ])('reshape of %j to %j', async (from, to) => {
    const x = tensor(from, layout, 9);
    const [y] = await runOp(reshape, [x], { shape: to }, { stored: true });
    expect(y.spec.shape).toEqual(to);
    expectSame(unpad(y.spec, y.values), x.values);
    await expectCentralDifferences(reshape, [x], { shape: to }, 1e-5, LINEAR);
  });
});

test('integers are copied bit by bit', async () => {
  const values = new Uint32Array([0x7fc00001, 0xffffffff, 1, 0x80000000, 5]);
  const [y] = await runOp(slice, [{ spec: dense([5], 'u32'), values }], { axis: 0, start: 0, end: 4 });
  expectSame(y.values, values.slice(0, 4));
});

test('what does not fit is refused', () => {
  expect(() => concat.infer([dense([2, 3]), dense([2, 4])], { axis: 0 })).toThrow(/does not fit/);
  expect(() => concat.infer([dense([2, 3]), dense([2, 3], 'u32')], { axis: 0 })).toThrow(/does not fit/);
  expect(() => slice.infer([dense([4])], { axis: 0, start: 2, end: 5 })).toThrow(/items 2 to 5/);
  expect(() => slice.infer([dense([4])], { axis: 1, start: 0, end: 1 })).toThrow(/no axis 1/);
  expect(() => reshape.infer([dense([4])], { shape: [5] })).toThrow(/cannot become/);
  expect(() => reshape.infer([featureMap([2, 6])], { shape: [12] })).toThrow(/cannot become/);
});
