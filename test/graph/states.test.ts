import { expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { backpropagate } from '../../src/graph/differentiate';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { layOut, StateStore } from '../../src/graph/states';
import { accumulate } from '../../src/kernels/accumulate';
import { binary } from '../../src/kernels/elementwise';
import { dense, featureMap, storedLength } from '../../src/kernels/tensor';
import { expectClose } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';

test('tensors of an arena begin at multiples of 64 elements, and no chunk is larger than a binding', () => {
  const layout = layOut(
    [
      ['a', 3],
      ['b', 64],
      ['c', 65],
      ['d', 200],
      ['e', 10],
    ],
    256 * 4,
  );
  expect([...layout.ranges]).toEqual([
    ['a', { chunk: 0, offset: 0, length: 3 }],
    ['b', { chunk: 0, offset: 64, length: 64 }],
    ['c', { chunk: 0, offset: 128, length: 65 }],
    ['d', { chunk: 1, offset: 0, length: 200 }],
    ['e', { chunk: 2, offset: 0, length: 10 }],
  ]);
  expect(layout.chunks).toEqual([256, 256, 64]);
});

test('variables are read and overwritten from run to run, and gradients gather over runs', async () => {
  const gpu = await testDevice();
  const before = { live: gpu.memory.live, count: gpu.memory.count };
  const layout = layOut([['w', 3]], gpu.capabilities.maxBindingSize);
  const states = new StateStore(gpu);
  states.addArena('parameters', layout, '');
  states.addArena('gradients', layout, 'gradient of ');
  states.write('w', Float32Array.of(2, 3, 4));

  const graph = new Graph(new Set(['w']));
  const w = graph.parameter('w', [3]);
  const x = graph.input('x', dense([3]));
  const keep = graph.input('keep', dense([1]));
  const products = graph.apply1(binary, [w, x], { function: 'mul', activation: 'none' });
  // w . (w * x), by one element after the other
  const squares = graph.apply1(binary, [products, w], { function: 'mul', activation: 'none' });
  graph.output('squares', squares);
  const loss = graph.view(squares, [3]);
  const weights = graph.apply1(binary, [loss, loss], { function: 'div', activation: 'none' });
  const [dw] = backpropagate(graph, [[squares, weights]], [w]);
  graph.apply(accumulate, [graph.state('gradient of w', dense([3])), dw, keep], {});

  const store = new ParameterStore(gpu, new Map());
  const compiled = await CompiledGraph.create(graph, store, { label: 'test', states });
  const one = Float32Array.of(1, 1, 1);
  await compiled.run({ x: one, keep: Float32Array.of(0) });
  expect((await states.read(['gradient of w'])).map((values) => [...values])).toEqual([[4, 6, 8]]);
  const { outputs } = await compiled.run({ x: Float32Array.of(1, 2, 3), keep: Float32Array.of(1) });
  expect([...new Float32Array(outputs.get('squares')!, 0, 3)]).toEqual([4, 18, 48]);
  expect((await states.read(['gradient of w', 'w'])).map((values) => [...values])).toEqual([
    [8, 18, 32],
    [2, 3, 4],
  ]);
  states.write('w', Float32Array.of(1));
  await compiled.run({ keep: Float32Array.of(0) });
  expect([...(await states.read(['gradient of w']))[0]]).toEqual([2, 12, 24]);
  expect(() => states.write('w', new Float32Array(4))).toThrow(/has 3 elements, and 4/);

  compiled.release();
  store.release();
  states.release();
  expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual(before);
});

test.each([dense([7]), dense([3, 4]), dense([2 ** 13]), featureMap([2, 3, 5])])(
  'sums over runs of $shape',
  async (spec) => {
    const gpu = await testDevice();
    const states = new StateStore(gpu);
    const store = new ParameterStore(gpu, new Map());
    const length = storedLength(spec);
    states.add('sum', length);
    const graph = new Graph();
    const [x, keep] = [graph.input('x', spec), graph.input('keep', dense([1]))];
    graph.apply(accumulate, [graph.state('sum', spec), x, keep], {});
    const compiled = await CompiledGraph.create(graph, store, { label: 'test', states });
    const parts = [1, 2, 3].map((seed) => formula(length, seed));
    for (const [i, part] of parts.entries()) {
      // the second run takes the place of what was there
      await compiled.run({ x: part, keep: Float32Array.of(i === 1 ? 0 : 1) });
    }
    const [sum] = await states.read(['sum']);
    expectClose(
      sum,
      parts[1].map((value, i) => value + parts[2][i]),
      1e-6,
      'sum',
    );
    compiled.release();
    store.release();
    states.release();
  },
);

test('only states may be overwritten, and they need a place', async () => {
  const gpu = await testDevice();
  const graph = new Graph();
  const x = graph.input('x', dense([3]));
  expect(() => graph.apply(accumulate, [x, x, null], {})).toThrow(/overwrites input 0, which is no state/);
  graph.apply(accumulate, [graph.state('sum', dense([3])), x, null], {});
  expect(() => graph.state('sum', dense([4]))).toThrow(/state sum is used as/);
  const store = new ParameterStore(gpu, new Map());
  await expect(CompiledGraph.create(graph, store, { label: 'test' })).rejects.toThrow(
    /a state of 12 bytes has no place/,
  );
  const states = new StateStore(gpu);
  await expect(CompiledGraph.create(graph, store, { label: 'test', states })).rejects.toThrow(/no state named sum/);
  store.release();
});
