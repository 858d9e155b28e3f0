import { describe, expect, test } from 'vitest';
import { gatherRows, segmentLabels, sliceCount, stackLists } from '../../src/kernels/lists';
import { dense, product } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectCentralDifferences, runGradient } from '../helpers/gradient';
import { runOp, type TestTensor } from '../helpers/gpu';
import { plainInput } from '../helpers/layouts';

type Case =
  | { kind: 'stack'; op: { capacity: number } }
  | { kind: 'gather'; count: number | null }
  | { kind: 'labels'; count: number | null; op: { segmentLength: number } };

function indexList({ shape, data }: FixtureTensor, count: number | null): TestTensor {
  return { spec: dense(shape, 'u32'), values: Uint32Array.from(data), ...(count === null ? {} : { count }) };
}

describe.each(DEVICES.slice(0, 2))('lists, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of fixtures<Case>('lists')) {
    test(name, async () => {
      if (attributes.kind === 'stack') {
        const counts = inputs.counts.data;
        const operands = Array.from(counts).flatMap((count, i): TestTensor[] => {
          const { shape, data } = inputs[`list${i}`];
          return [
            { spec: dense(shape), values: data },
            { spec: dense([1], 'u32'), values: new Uint32Array([count]) },
          ];
        });
        const [stacked, used] = await runOp(asOn(stackLists, changes), operands, attributes.op);
        expect(stacked.spec.shape).toEqual(outputs.stacked.shape);
        expectSame(stacked.values, outputs.stacked.data, 'stacked');
        expectSame(used.values, outputs.counts.data, 'counts');
      } else if (attributes.kind === 'gather') {
        const { source, indices } = inputs;
        for (const dtype of ['f32', 'u32'] as const) {
          // the bits must arrive, whatever the type
          const bits = (data: ArrayLike<number>): Uint32Array => new Uint32Array(Float32Array.from(data).buffer);
          const values = dtype === 'f32' ? source.data : bits(source.data);
          const expected = dtype === 'f32' ? outputs.y.data : bits(outputs.y.data);
          const operands = [{ spec: dense(source.shape, dtype), values }, indexList(indices, attributes.count)];
          const [y] = await runOp(asOn(gatherRows, changes), operands, {});
          expect(y.spec).toEqual(dense(outputs.y.shape, dtype));
          expectSame(y.values, expected, dtype);
        }
        const operands = [plainInput(source), indexList(indices, attributes.count)];
        const { shape } = outputs.y;
        // what lies past the count is as undefined as there
        const weights = formula(product(shape), 9).fill(NaN, product([attributes.count ?? shape[0], shape[1]]));
        const [gradient] = await runGradient(asOn(gatherRows, changes), operands, {}, [
          { spec: dense(shape), values: weights },
        ]);
        expectClose(gradient!.values, outputs.d_source.data, 1e-6, 'gradient');
      } else {
        const [labels] = await runOp(
          asOn(segmentLabels, changes),
          [indexList(inputs.indices, attributes.count)],
          attributes.op,
        );
        expectSame(labels.values, outputs.labels.data);
      }
    });
  }

  test('the gradient of gatherRows is central differences, and the same on every run', async () => {
    const indices = { spec: dense([9], 'u32'), values: Uint32Array.of(4, 1, 4, 4, 0, 6, 1, 4, 6) };
    const operands = [{ spec: dense([7, 3]), values: formula(21, 1) }, indices];
    await expectCentralDifferences(asOn(gatherRows, changes), operands, {}, 1e-5);
    const weight = { spec: dense([9, 3]), values: formula(27, 2) };
    const [first, second] = [0, 1].map(() => runGradient(asOn(gatherRows, changes), operands, {}, [weight]));
    expectSame((await first)[0]!.values, (await second)[0]!.values);
  });

  test.each([
    [0, 7, 12, 0],
    [6, 7, 12, 0],
    [7, 7, 12, 0],
    [8, 7, 12, 1],
    [11, 7, 12, 4],
    [12, 7, 12, 5],
    [90, 7, 12, 5],
    [3, 0, 5, 3],
    [9, 0, 5, 5],
    [9, 4, 4, 0],
  ])('of %i items, those in use from %i up to %i are %i', async (count, start, end, expected) => {
    const counts = { spec: dense([1], 'u32'), values: Uint32Array.of(count) };
    const [used] = await runOp(asOn(sliceCount, changes), [counts], { start, end });
    expect(used.spec).toEqual(dense([1], 'u32'));
    expect([...used.values]).toEqual([expected]);
  });

  test('refuses slices that end before they start, and what is no count', async () => {
    const count = { spec: dense([1], 'u32'), values: new Uint32Array(1) };
    const counts = { spec: dense([2], 'u32'), values: new Uint32Array(2) };
    const size = { spec: dense([1]), values: new Float32Array(1) };
    await expect(runOp(sliceCount, [count], { start: 3, end: 2 })).rejects.toThrow('sliceCount: items 3 to 2');
    await expect(runOp(sliceCount, [counts], { start: 0, end: 2 })).rejects.toThrow('u32 [2]');
    await expect(runOp(sliceCount, [size], { start: 0, end: 2 })).rejects.toThrow('f32 [1]');
  });

  test('refuses lists that do not fit together', async () => {
    const count = { spec: dense([1], 'u32'), values: new Uint32Array(1) };
    const boxes = { spec: dense([1, 2, 4]), values: new Float32Array(8) };
    const scores = { spec: dense([1, 2]), values: new Float32Array(2) };
    await expect(runOp(stackLists, [boxes, count, scores, count], { capacity: 2 })).rejects.toThrow('all of one type');
    await expect(runOp(stackLists, [boxes, count, boxes], { capacity: 2 })).rejects.toThrow('each with its count');
  });
});
