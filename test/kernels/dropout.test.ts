import { describe, expect, test } from 'vitest';
import { philox } from '../../src/data/synth/random';
import { dropout, type DropoutAttributes } from '../../src/kernels/dropout';
import { dense, featureMap, product } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { runGradient } from '../helpers/gradient';
import { runOp, type TestTensor } from '../helpers/gpu';
import { unpad } from '../helpers/layouts';

const SEED_AND_STEP: TestTensor = { spec: dense([2], 'u32'), values: Uint32Array.of(17, 41) };

/** By the definition: whether the element at `i` of the memory is kept. */
function kept(i: number, { probability, stream }: DropoutAttributes): boolean {
  const words = new Uint32Array(4);
  philox([i >> 2, 41, stream, 1], [17, 0], words);
  return words[i & 3] >= probability * 2 ** 32;
}

describe.each(DEVICES)('dropout, $device', ({ changes }) => {
  test.each([
    ['map', [2, 3, 5, 6], 0.5],
    ['list', [1237], 0.1],
    ['matrix', [7, 9], 0.9],
    ['no items', [0, 4], 0.5],
  ] as const)('%s', async (name, shape, probability) => {
    const attributes = { probability, stream: 3 };
    const spec = name === 'list' ? dense(shape) : featureMap(shape);
    const [x, weight] = [1, 9].map((seed): TestTensor => ({ spec, values: formula(product(shape), seed) }));
    const pitch = name === 'list' ? 1 : Math.ceil(shape.at(-1)! / 4) * 4;
    const channels = name === 'list' ? 1 : shape.at(-1)!;
    const expected = (values: TestTensor['values']): Float32Array =>
      Float32Array.from(values, (value, i) =>
        kept(Math.floor(i / channels) * pitch + (i % channels), attributes) ? value / (1 - probability) : 0,
      );
    const op = asOn(dropout, changes);
    const [y] = await runOp(op, [x, SEED_AND_STEP], attributes, { stored: true });
    expectClose(unpad(y.spec, y.values).slice(0, product(shape)), expected(x.values), 1e-6, name);
    const [dx] = await runGradient(op, [x, SEED_AND_STEP], attributes, [weight]);
    expectClose(dx!.values, expected(weight.values), 1e-6, `gradient of ${name}`);
  });
});

test('of probability 0 all stays, of probability 1 nothing', async () => {
  const x = { spec: dense([64]), values: formula(64, 1) };
  const [all] = await runOp(dropout, [x, SEED_AND_STEP], { probability: 0, stream: 0 });
  expectSame(all.values, x.values);
  const [nothing] = await runOp(dropout, [x, SEED_AND_STEP], { probability: 1, stream: 0 });
  expectSame(nothing.values, new Float32Array(64));
});

test('as many become zero as stated, others for another seed, step or stream', async () => {
  const x = { spec: dense([10_000]), values: new Float32Array(10_000).fill(1) };
  const draws: string[] = [];
  for (const [seed, step, stream] of [
    [1, 0, 0],
    [2, 0, 0],
    [1, 1, 0],
    [1, 0, 1],
  ]) {
    const random = { spec: dense([2], 'u32'), values: Uint32Array.of(seed, step) };
    const [{ values }] = await runOp(dropout, [x, random], { probability: 0.25, stream });
    const zeros = values.filter((value) => value === 0).length;
    // a standard deviation of 43
    expect(Math.abs(zeros - 2500)).toBeLessThan(220);
    draws.push(values.join());
  }
  expect(new Set(draws).size).toBe(4);
});

test('what is no probability is refused', () => {
  const [x, random] = [dense([3]), dense([2], 'u32')];
  expect(() => dropout.infer([x, random], { probability: 1.5, stream: 0 })).toThrow(/1\.5 is no probability/);
  expect(() => dropout.infer([x, null], { probability: 0.5, stream: 0 })).toThrow(/seed and step/);
});
