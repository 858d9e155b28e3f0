import { expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { binary, unary } from '../../src/kernels/elementwise';
import { featureMap } from '../../src/kernels/tensor';
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
