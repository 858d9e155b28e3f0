import { expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { StateStore } from '../../src/graph/states';
import { accumulate } from '../../src/kernels/accumulate';
import { binary, unary } from '../../src/kernels/elementwise';
import { dense, featureMap } from '../../src/kernels/tensor';
import { testDevice } from '../helpers/gpu';

/** Three ops with three outputs on a map of a megabyte. */
async function compile(store: ParameterStore): Promise<CompiledGraph> {
  const graph = new Graph();
  const x = graph.input('x', featureMap([1, 256, 256, 4]));
  const y = graph.scope('first', () => graph.apply1(unary, [x], { function: 'exp' }));
  const z = graph.scope('second', () => graph.apply1(binary, [x, y], { function: 'add', activation: 'none' }));
  graph.output('x', x);
  graph.output('y', y);
  graph.output('z', z);
  graph.output(
    'w',
    graph.scope('third', () => graph.apply1(unary, [z], { function: 'tanh' })),
  );
  return CompiledGraph.create(graph, store, { label: 'recording' });
}

test('a run is one submission and one readback, with and without a profile', async () => {
  const gpu = await testDevice();
  const store = new ParameterStore(gpu, new Map());
  const compiled = await compile(store);
  for (const profile of [false, true, false]) {
    const { submissions, readbacks } = gpu.counters;
    const { outputs } = await compiled.run({ x: new Float32Array(256 * 256 * 4) }, profile);
    expect(outputs.size).toBe(4);
    expect(gpu.counters).toEqual({ submissions: submissions + 1, readbacks: readbacks + 1 });
  }
  compiled.release();
  store.release();
});

test('a profile has a positive time for every dispatch, named, in order', async (context) => {
  const gpu = await testDevice();
  if (!gpu.capabilities.timestamps) {
    context.skip('the adapter has no timestamp queries');
  }
  const store = new ParameterStore(gpu, new Map());
  const compiled = await compile(store);
  const plain = await compiled.run({});
  expect(plain.times).toEqual([]);
  const live = gpu.memory.live;
  const { times } = await compiled.run({}, true);
  const bytes = 256 * 256 * 4 * 4;
  expect(times.map(({ op, kernel, bytes }) => ({ op, kernel, bytes }))).toEqual([
    { op: 'unary first', kernel: 'elementwise/unary exp', bytes: 2 * bytes },
    { op: 'binary second', kernel: 'elementwise/binary add', bytes: 3 * bytes },
    { op: 'unary third', kernel: 'elementwise/unary tanh', bytes: 2 * bytes },
  ]);
  for (const { milliseconds } of times) {
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThan(60_000);
  }
  // the readback buffer grew by the timestamps, and nothing else stayed
  expect(gpu.memory.live - live).toBeLessThanOrEqual(64);
  compiled.release();
  store.release();
});

test('a graph without work still gives its outputs', async () => {
  const store = new ParameterStore(await testDevice(), new Map());
  const graph = new Graph();
  const x = graph.input('x', featureMap([0, 4]));
  graph.output('y', graph.apply1(unary, [x], { function: 'exp' }));
  const compiled = await CompiledGraph.create(graph, store, { label: 'empty' });
  expect(compiled.statistics.dispatches).toBe(0);
  const { outputs, times } = await compiled.run({}, true);
  expect([...outputs.keys()]).toEqual(['y']);
  expect(times).toEqual([]);
  compiled.release();
  store.release();
});

test.each([
  { clock: 'timestamps, where the adapter has them', changes: {} },
  { clock: 'the clock of the host', changes: { timestamps: false } },
])('timing repeats the dispatches and nothing else, by $clock', async ({ changes }) => {
  const gpu = await testDevice();
  const capabilities = { ...gpu.capabilities, ...changes };
  const device = Object.create(gpu, { capabilities: { value: capabilities } }) as GpuDevice;
  const before = { live: gpu.memory.live, count: gpu.memory.count };
  const states = new StateStore(gpu);
  states.add('sum', 2);
  const store = new ParameterStore(device, new Map());
  const graph = new Graph();
  const inputs = [graph.state('sum', dense([2])), graph.input('x', dense([2])), graph.input('keep', dense([1]))];
  graph.apply(accumulate, inputs, {});
  const compiled = await CompiledGraph.create(graph, store, { label: 'sums', states });
  await compiled.run({ x: Float32Array.of(1, 0.5), keep: Float32Array.of(1) });
  const { submissions } = gpu.counters;
  const milliseconds = await compiled.time(7);
  expect(gpu.counters.submissions).toBe(submissions + 1);
  expect(milliseconds).toBeGreaterThan(0);
  expect(milliseconds).toBeLessThan(60_000);
  expect([...(await states.read(['sum']))[0]]).toEqual([8, 4]);
  compiled.release();
  store.release();
  states.release();
  expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual(before);
});

test('runs that overlap have the results of their own inputs, and readback buffers that are used again', async () => {
  const gpu = await testDevice();
  const { live, count } = gpu.memory;
  const store = new ParameterStore(gpu, new Map());
  const compiled = await compile(store);
  const run = async (value: number): Promise<Float32Array> => {
    const { outputs } = await compiled.run({ x: new Float32Array(256 * 256 * 4).fill(value) });
    return new Float32Array(outputs.get('x') as ArrayBuffer);
  };
  const buffers: number[] = [];
  for (let round = 0; round < 2; round++) {
    const results = await Promise.all([1, 2, 3].map(run));
    expect(results.map((x) => [x[0], x.at(-1)])).toEqual([1, 2, 3].map((value) => [value, value]));
    buffers.push(gpu.memory.count);
  }
  expect(buffers[1]).toBe(buffers[0]);

  // released in between: the run that is under way still ends
  const last = run(4);
  compiled.release();
  expect((await last).every((value) => value === 4)).toBe(true);
  store.release();
  expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual({ live, count });
});
