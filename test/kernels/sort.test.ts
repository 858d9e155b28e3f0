import { describe, expect, test } from 'vitest';
import { sortDescending } from '../../src/kernels/sort';
import { dense } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp } from '../helpers/gpu';

interface Case {
  length: number;
  quantum: number;
  seed: number;
  every: number;
}

describe.each(DEVICES)('sortDescending, $device', ({ changes }) => {
  const op = asOn(sortDescending, changes);

  for (const { name, attributes, inputs, outputs } of fixtures<Case>('sort')) {
    test(name, async () => {
      const { length, quantum, seed, every } = attributes;
      const made = formula(length, seed).map((v) => (quantum === 0 ? v : Math.floor(v * quantum) / quantum));
      const keys = (inputs.keys?.data ?? made) as Float32Array;
      const [values, indices] = await runOp(op, [{ spec: dense([length]), values: keys }], {});
      const sampled = (list: ArrayLike<number>): number[] => Array.from(list).filter((_, i) => i % every === 0);
      expectSame(sampled(values.values), outputs.values.data, 'values');
      expectSame(sampled(indices.values), outputs.indices.data, 'indices');
      // what was not sampled: descending, in the order of indices where equal, and each key once
      expect(new Set(indices.values).size).toBe(length);
      for (let i = 0; i < length; i++) {
        const [a, b] = [indices.values[i], indices.values[Math.max(0, i - 1)]];
        if (!(keys[a] === values.values[i] && (i === 0 || keys[b] > keys[a] || (keys[b] === keys[a] && b < a)))) {
          expect.fail(`place ${i} holds key ${a} after key ${b}`);
        }
      }
    });
  }

  test('NaN comes last', async () => {
    const keys = new Float32Array([NaN, 1, -Infinity, NaN, 2]);
    const [, indices] = await runOp(op, [{ spec: dense([5]), values: keys }], {});
    expectSame(indices.values, [4, 1, 2, 0, 3]);
  });
});
