import { describe, expect, test } from 'vitest';
import { dense } from '../../src/kernels/tensor';
import { topK, type TopKAttributes } from '../../src/kernels/top_k';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp } from '../helpers/gpu';

interface Case {
  op: TopKAttributes;
  shape: number[];
  count: number | null;
  quantum: number;
  seed: number;
  layout: 'dense' | 'channels4';
}

function quantized(values: Float32Array, quantum: number): Float32Array {
  return quantum === 0 ? values : values.map((v) => Math.floor(v * quantum) / quantum);
}

describe.each(DEVICES)('topK, $device', ({ changes }) => {
  const op = asOn(topK, changes);

  for (const { name, attributes, inputs, outputs } of fixtures<Case>('top_k')) {
    test(name, async () => {
      const { shape, layout, count } = attributes;
      const length = shape.reduce((a, b) => a * b, 1);
      const values = (inputs.scores?.data ??
        quantized(formula(length, attributes.seed), attributes.quantum)) as Float32Array;
      const scores = { spec: { shape, dtype: 'f32', layout } as const, values, ...(count === null ? {} : { count }) };
      const results = await runOp(op, [scores], attributes.op);
      ['values', 'indices', 'counts', 'available'].forEach((role, i) => {
        expect(results[i].spec.shape, role).toEqual(outputs[role].shape);
        expectSame(results[i].values, outputs[role].data, role);
      });
    });
  }

  test('90 class columns of 1000, each sorted whole', async () => {
    const values = formula(1000 * 91, 30);
    const attributes = { k: 1000, segments: 'columns', firstColumn: 1, above: 0.05 } as const;
    const spec = { shape: [1000, 91], dtype: 'f32', layout: 'channels4' } as const;
    const [sorted, indices, counts, available] = await runOp(op, [{ spec, values }], attributes);
    for (let column = 1; column < 91; column++) {
      const column_values = Array.from({ length: 1000 }, (_, row) => values[row * 91 + column]);
      const order = column_values.map((_, row) => row).filter((row) => column_values[row] > Math.fround(0.05));
      order.sort((a, b) => column_values[b] - column_values[a] || a - b);
      const at = (column - 1) * 1000;
      expect(counts.values[column - 1]).toBe(order.length);
      expect(available.values[column - 1]).toBe(order.length);
      expectSame(indices.values.subarray(at, at + order.length), order, `column ${column}`);
      expectSame(
        sorted.values.subarray(at, at + order.length),
        order.map((row) => column_values[row]),
        `column ${column}`,
      );
    }
  });

  test('refuses segments that cut a padded row', async () => {
    const scores = {
      spec: { shape: [4, 3], dtype: 'f32', layout: 'channels4' } as const,
      values: new Float32Array(12),
    };
    await expect(runOp(op, [scores], { k: 1, segments: 6 })).rejects.toThrow('topK: 1 of each of 6 segments of [4, 3]');
    const list = { spec: dense([5]), values: new Float32Array(5) };
    await expect(runOp(op, [list], { k: 6, segments: 1 })).rejects.toThrow('topK: 6 of each of 1 segments of [5]');
  });
});
