import { expect, test } from 'vitest';
import { InputError } from '../../src/errors';
import { Graph } from '../../src/graph/graph';
import { averageWeight } from '../../src/train/average';
import type { OptimizerSettings } from '../../src/train/optimizer_settings';
import { createOptimizer, wholeArena } from '../../src/train/optimizers';

const layout = { chunks: [256, 128], ranges: new Map() };
const all = [{ ranges: wholeArena(layout) }];

test.each<[OptimizerSettings, RegExp]>([
  [{ type: 'sgd', momentum: -1 }, /optimizer.momentum is -1 and must be 0 or more/],
  [{ type: 'sgd', nesterov: true }, /nesterov needs a momentum/],
  [{ type: 'sgd', momentum: 0.9, dampening: 0.1, nesterov: true }, /nesterov needs a momentum/],
  [{ type: 'adam', beta2: 1 }, /optimizer.beta2 is 1 and must be from 0 to below 1/],
  [{ type: 'adamw', eps: 0 }, /optimizer.eps is 0 and must be 1e-37 or more/],
  [{ type: 'adamw', weightDecay: NaN }, /optimizer.weightDecay is NaN/],
  [{ type: 'adadelta', rho: 1.5 }, /optimizer.rho is 1.5 and must be from 0 to 1/],
  [{ type: 'rprop', etaPlus: 1 }, /optimizer.etaPlus is 1 and must be above 1/],
  [{ type: 'rprop', etaMinus: 1 }, /optimizer.etaMinus is 1 and must be between 0 and 1/],
])('%o is refused', (settings, message) => {
  expect(() => createOptimizer(settings, layout, all)).toThrow(InputError);
  expect(() => createOptimizer(settings, layout, all)).toThrow(message);
});

test('a group of rprop has no weight decay', () => {
  expect(() => createOptimizer({ type: 'rprop' }, layout, [{ ...all[0], weightDecay: 0.1 }])).toThrow(
    /rprop has no weight decay/,
  );
});

test('ranges lie in the arena and in one group', () => {
  const make = (...ranges: [chunk: number, first: number, end: number][]): unknown =>
    createOptimizer(
      { type: 'sgd' },
      layout,
      ranges.map(([chunk, first, end]) => ({ ranges: [{ chunk, first, end }] })),
    );
  expect(() => make([0, 0, 128], [0, 128, 256], [1, 64, 128])).not.toThrow();
  expect(() => make([2, 0, 64])).toThrow(/chunk 2 is no range/);
  expect(() => make([1, 0, 192])).toThrow(/is no range/);
  expect(() => make([0, 0, 100])).toThrow(/multiples of 64/);
  expect(() => make([0, 64, 64])).toThrow(/is no range/);
  expect(() => make([0, 128, 256], [0, 0, 192])).toThrow(/\[128, 256\) of chunk 0 is in two groups/);
});

test('clipping wants a limit above 0', () => {
  const optimizer = createOptimizer({ type: 'sgd' }, layout, all);
  expect(() => optimizer.addStep(new Graph(), { norm: 0 })).toThrow(/by norm is 0 and must be above 0/);
  expect(() => optimizer.addStep(new Graph(), { value: NaN })).toThrow(/by value is NaN/);
});

test('the weight of an average', () => {
  const weights = (settings: Parameters<typeof averageWeight>[0], steps: number): number[] =>
    Array.from({ length: steps }, (_, step) => Number(averageWeight(settings, step).toFixed(6)));
  expect(weights({ decay: 0.9 }, 3)).toEqual([1, 0.1, 0.1]);
  expect(weights({ decay: 0.75, every: 2 }, 5)).toEqual([1, 0, 0.25, 0, 0.25]);
  // min(0.25, (1 + n) / (10 + n)) for n = 1, 2, 3
  expect(weights({ decay: 0.25, warmUp: true }, 4)).toEqual([1, 0.818182, 0.75, 0.75]);
  expect(() => averageWeight({ decay: 1 }, 0)).toThrow(/ema.decay is 1 and must be from 0 to below 1/);
  expect(() => averageWeight({ decay: 0.9, every: 0 }, 0)).toThrow(/ema.every is 0/);
});
