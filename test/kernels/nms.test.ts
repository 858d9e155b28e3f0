import { describe, expect, test } from 'vitest';
import { batchedNms, nms } from '../../src/kernels/nms';
import { dense } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectSame } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { runOp, type TestTensor } from '../helpers/gpu';

const LOWEST = -3.4028234663852886e38;

function tensor({ shape, data }: FixtureTensor, count?: number | null): TestTensor {
  const values = data instanceof Float32Array ? data : Uint32Array.from(data);
  const spec = dense(shape, values instanceof Float32Array ? 'f32' : 'u32');
  return typeof count === 'number' ? { spec, values, count } : { spec, values };
}

describe.each(DEVICES)('nms, $device', ({ changes }) => {
  const op = asOn(nms, changes);

  for (const { name, attributes, inputs, outputs } of fixtures<{ threshold: number; minSize: number }>('nms')) {
    test(name, async () => {
      const operands = [inputs.boxes, inputs.scores, inputs.counts].map((input) => tensor(input));
      const labels = 'labels' in inputs ? tensor(inputs.labels) : null;
      const [scores, indices, counts] = await runOp(op, [...operands, labels], attributes);
      const [segments, capacity] = inputs.scores.shape;
      expectSame(counts.values, outputs.counts.data, 'counts');
      const expectedIndices = new Uint32Array(segments * capacity);
      const expectedScores = new Float32Array(segments * capacity).fill(LOWEST);
      let at = 0;
      for (let s = 0; s < segments; s++) {
        for (let i = 0; i < outputs.counts.data[s]; i++) {
          const kept = s * capacity + outputs.kept.data[at];
          expectedIndices[s * capacity + i] = outputs.kept.data[at++];
          expectedScores[kept] = inputs.scores.data[kept];
        }
      }
      expectSame(indices.values, expectedIndices, 'indices');
      expectSame(scores.values, expectedScores, 'scores');
    });
  }
});

describe.each(DEVICES)('batchedNms, $device', ({ changes }) => {
  const op = asOn(batchedNms, changes);

  interface Case {
    op: { threshold: number; k: number };
    count: number | null;
  }
  for (const { name, attributes, inputs, outputs } of fixtures<Case>('batched_nms')) {
    test(name, async () => {
      const operands = [tensor(inputs.boxes, attributes.count), tensor(inputs.scores), tensor(inputs.labels)];
      const [indices, count] = await runOp(op, operands, attributes.op);
      const kept = outputs.kept.data;
      expectSame(count.values, [kept.length], 'count');
      const expected = new Uint32Array(attributes.op.k);
      expected.set(kept);
      expectSame(indices.values, expected, 'indices');
    });
  }
});

test('nms refuses scores of another shape', async () => {
  const boxes = { spec: dense([1, 2, 4]), values: new Float32Array(8) };
  const scores = { spec: dense([1, 3]), values: new Float32Array(3) };
  const counts = { spec: dense([1], 'u32'), values: new Uint32Array(1) };
  const attributes = { threshold: 0.5, minSize: 0 };
  await expect(runOp(nms, [boxes, scores, counts, null], attributes)).rejects.toThrow('scores and labels must be');
});
