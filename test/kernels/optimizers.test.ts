import { beforeAll, describe, expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { StateStore, type ArenaLayout } from '../../src/graph/states';
import { clipFactor } from '../../src/kernels/optimizers/clip';
import { dense } from '../../src/kernels/tensor';
import { addAverage, averageWeight } from '../../src/train/average';
import type { OptimizerSettings } from '../../src/train/optimizer_settings';
import {
  createOptimizer,
  GRADIENTS,
  PARAMETERS,
  wholeArena,
  type GradientClipping,
  type Optimizer,
  type ParameterGroup,
} from '../../src/train/optimizers';
import { LAYOUT, LENGTHS, paddingOf, tensorsOf } from '../helpers/arenas';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runGraph, testDevice } from '../helpers/gpu';

const STEPS = 20;
const PADDING = [...LAYOUT.chunks, ...LENGTHS.map((length) => -length)].reduce((a, b) => a + b);

interface Case {
  readonly settings: OptimizerSettings;
  readonly learningRate: number;
  readonly groups?: readonly (Omit<ParameterGroup, 'ranges'> & { readonly tensors: readonly number[] })[];
  readonly clipping?: GradientClipping;
}

function gradient(step: number, tensor: number): Float32Array<ArrayBuffer> {
  return formula(LENGTHS[tensor], 100 + step * LENGTHS.length + tensor).map((value, i) => (i % 7 === 0 ? 0 : value));
}

function groupsOf(groups: Case['groups']): ParameterGroup[] {
  return (groups ?? [{ tensors: [...LENGTHS.keys()] }]).map(({ tensors, ...rest }) => ({
    ...rest,
    ranges: tensors.map((i) => {
      const { chunk, offset, length } = LAYOUT.ranges.get(String(i))!;
      return { chunk, first: offset, end: offset + Math.ceil(length / 64) * 64 };
    }),
  }));
}

/** An optimizer on a device of its own states. */
class Training {
  private constructor(
    readonly states: StateStore,
    private readonly store: ParameterStore,
    private readonly compiled: CompiledGraph,
    private readonly optimizer: Optimizer,
  ) {}

  static async start(gpu: GpuDevice, optimizer: Optimizer, clipping?: GradientClipping): Promise<Training> {
    const states = new StateStore(gpu);
    [PARAMETERS, GRADIENTS, ...optimizer.slots].forEach((name) => states.addArena(name, LAYOUT, `${name} of `));
    LENGTHS.forEach((length, i) => states.write(`${PARAMETERS} of ${i}`, formula(length, 1 + i)));
    const graph = new Graph();
    const { norm } = optimizer.addStep(graph, clipping);
    if (norm !== null) {
      graph.output('norm', norm);
    }
    const store = new ParameterStore(gpu, new Map());
    const compiled = await CompiledGraph.create(graph, store, { label: 'optimizer', states });
    return new Training(states, store, compiled, optimizer);
  }

  /** @returns the gradients' norm, where the step computes it */
  async step(step: number, learningRate: number): Promise<number | undefined> {
    LENGTHS.forEach((_, i) => this.states.write(`${GRADIENTS} of ${i}`, gradient(step, i)));
    const { outputs } = await this.compiled.run({
      [this.optimizer.hyperInput]: this.optimizer.hyper(step, learningRate),
    });
    const norm = outputs.get('norm');
    return norm === undefined ? undefined : new Float32Array(norm)[0];
  }

  arena(name: string): Promise<Float32Array[]> {
    return this.states.read(LAYOUT.chunks.map((_, i) => `${name}/${i}`));
  }

  release(): void {
    this.compiled.release();
    this.store.release();
    this.states.release();
  }
}

let gpu: GpuDevice;
beforeAll(async () => {
  gpu = await testDevice();
});

describe('optimizers as those of torch.optim, over 20 steps', () => {
  const initial = LENGTHS.flatMap((length, i) => [...formula(length, 1 + i)]);
  const displacement = (values: ArrayLike<number>): number[] => initial.map((value, i) => values[i] - value);

  test.each(fixtures<Case>('optimizers').map((c) => [c.name, c] as const))('%s', async (_, { attributes, outputs }) => {
    const { settings, learningRate, clipping, groups } = attributes;
    const before = { live: gpu.memory.live, count: gpu.memory.count };
    const optimizer = createOptimizer(settings, LAYOUT, groupsOf(groups));
    const training = await Training.start(gpu, optimizer, clipping);
    const norms: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const norm = await training.step(step, learningRate);
      norms.push(...(norm === undefined ? [] : [norm]));
      if (step === 0 || step === STEPS - 1) {
        const name = step === 0 ? 'first' : 'last';
        const chunks = await training.arena(PARAMETERS);
        const expected = outputs[name].data;
        expectClose(tensorsOf(chunks), expected, 1e-5, `parameters, ${name} step`);
        // what the steps have added up to, since small steps are little beside the parameters
        expectClose(displacement(tensorsOf(chunks)), displacement(expected), 1e-4, `change, ${name} step`);
        expectSame(paddingOf(chunks), new Float32Array(PADDING), 'padding');
      }
    }
    if ('norms' in outputs) {
      expectClose(norms, outputs.norms.data, 1e-6, 'norms');
    }
    if ('average' in outputs) {
      const average = await training.arena('optimizer/average');
      expectClose(tensorsOf(average), outputs.average.data, 1e-5, 'average');
    }
    training.release();
    expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual(before);
  });
});

test.each<OptimizerSettings>([
  { type: 'sgd', momentum: 0.9 },
  { type: 'nadam' },
  { type: 'rprop' },
  { type: 'adagrad', initialAccumulatorValue: 0.1 },
])('%o: the same bits in every run, and after a stop and a start', async (settings) => {
  const make = (): Optimizer => createOptimizer(settings, LAYOUT, [{ ranges: wholeArena(LAYOUT) }]);
  const clipping = { norm: 7 };
  const rate = (step: number): number => 0.05 / (1 + step);
  const whole = await Training.start(gpu, make(), clipping);
  for (let step = 0; step < 8; step++) {
    await whole.step(step, rate(step));
  }
  const expected = await whole.arena(PARAMETERS);
  whole.release();

  const optimizer = make();
  const first = await Training.start(gpu, optimizer, clipping);
  for (let step = 0; step < 5; step++) {
    await first.step(step, rate(step));
  }
  const saved = [PARAMETERS, ...optimizer.slots].flatMap((name) => LAYOUT.chunks.map((_, i) => `${name}/${i}`));
  const values = await first.states.read(saved);
  first.release();
  const second = await Training.start(gpu, make(), clipping);
  saved.forEach((name, i) => second.states.write(name, values[i] as Float32Array<ArrayBuffer>));
  for (let step = 5; step < 8; step++) {
    await second.step(step, rate(step));
  }
  const bits = (chunks: readonly Float32Array[]): number[] =>
    chunks.flatMap((chunk) => [...new Uint32Array(chunk.buffer, chunk.byteOffset, chunk.length)]);
  expectSame(bits(await second.arena(PARAMETERS)), bits(expected));
  second.release();
});

test('the norm of many gradients', async () => {
  const values = [formula(64 * 4700, 1), formula(64, 2), new Float32Array(128)];
  const inputs = values.map((chunk) => ({ spec: dense([chunk.length]), values: chunk }));
  const square = values.reduce((sum, chunk) => sum + chunk.reduce((a, b) => a + b * b, 0), 0);
  const run = (largest: number): Promise<number[]> =>
    runGraph(inputs, (graph, tensors) => graph.apply(clipFactor, tensors, { largest })).then((outputs) =>
      outputs.map((output) => output.values[0]),
    );
  const [norm, factor] = await run(3);
  expectClose([norm], [Math.sqrt(square)], 1e-6);
  expectClose([factor], [3 / (Math.sqrt(square) + 1e-6)], 1e-6);
  expect(await run(1e6)).toEqual([norm, 1]);
});

test('a moving average begins with the parameters, and follows them', async () => {
  const states = new StateStore(gpu);
  const layout: ArenaLayout = LAYOUT;
  [PARAMETERS, 'ema'].forEach((name) => states.addArena(name, layout, `${name} of `));
  const graph = new Graph();
  const input = addAverage(graph, layout);
  const store = new ParameterStore(gpu, new Map());
  const compiled = await CompiledGraph.create(graph, store, { label: 'average', states });
  const settings = { decay: 0.8, warmUp: true };
  let expected = new Float64Array(130);
  for (let step = 0; step < 10; step++) {
    const values = formula(130, step);
    states.write(`${PARAMETERS} of 2`, values);
    const weight = averageWeight(settings, step);
    await compiled.run({ [input]: Float32Array.of(weight) });
    expected = expected.map((known, i) => (step === 0 ? values[i] : (1 - weight) * known + weight * values[i]));
    const [average] = await states.read(['ema of 2']);
    if (step === 0) {
      expectSame(average, values);
    }
    expectClose(average, expected, 1e-6, `step ${step}`);
  }
  compiled.release();
  store.release();
  states.release();
});
