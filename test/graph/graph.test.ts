import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { foldBatchNorm } from '../../src/kernels/batch_norm';
import { slice } from '../../src/kernels/copy';
import { binary, unary } from '../../src/kernels/elementwise';
import { ShapeError, required, type Op } from '../../src/kernels/op';
import { softmax } from '../../src/kernels/softmax';
import { dense, featureMap, fromStored } from '../../src/kernels/tensor';
import { expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';

let before: { live: number; count: number };

beforeEach(async () => {
  const { memory } = await testDevice();
  before = { live: memory.live, count: memory.count };
});

afterEach(async () => {
  const { memory } = await testDevice();
  expect({ live: memory.live, count: memory.count }, 'memory after the test').toEqual(before);
});

const ADD = { function: 'add', activation: 'none' } as const;
const NEG = { function: 'neg' } as const;

/** An op that hands its input on and tells when it is recorded. */
function spy(onRecord: () => void, itemwise = true): Op<Record<string, never>> {
  return {
    name: 'spy',
    itemwise,
    infer: (inputs) => [required(inputs, 0, 'spy')],
    forward(context, inputs, outputs) {
      onRecord();
      unary.forward(context, inputs, outputs, NEG);
    },
  };
}

async function storeOf(values: Record<string, Float32Array> = {}): Promise<ParameterStore> {
  return new ParameterStore(await testDevice(), new Map(Object.entries(values)));
}

describe('counts', () => {
  test('propagate through itemwise ops only', () => {
    const graph = new Graph();
    const count = graph.input('count', dense([1], 'u32'));
    const x = graph.withCount(graph.input('x', dense([8, 4])), count);
    const y = graph.apply1(unary, [x], NEG);
    expect(graph.apply1(softmax, [y], {}).count).toBe(count);
    expect(graph.apply1(slice, [y], { axis: 1, start: 0, end: 2 }).count).toBeUndefined();
    expect(graph.apply1(binary, [graph.input('z', dense([8, 4])), x], ADD).count).toBeUndefined();
  });

  test('keep kernels from the items beyond, from op to op', async () => {
    const graph = new Graph();
    const count = graph.input('count', dense([1], 'u32'));
    const x = graph.withCount(graph.input('x', dense([300, 4])), count);
    const y = graph.apply1(unary, [graph.apply1(unary, [x], { function: 'abs' })], NEG);
    graph.output('y', y);
    const store = await storeOf();
    const compiled = await CompiledGraph.create(graph, store, { label: 'counts' });
    for (const n of [0, 7, 300]) {
      // a plan's memory is new and zero, so that what was not written shows in the first runs
      const run = await compiled.run({ x: new Float32Array(1200).fill(1), count: new Uint32Array([n]) });
      const values = fromStored(y.spec, run.outputs.get('y') as ArrayBuffer);
      expectSame(values, new Float32Array(1200).fill(-1, 0, n * 4).fill(0, n * 4));
    }
    compiled.release();
    store.release();
  });
});

describe('building', () => {
  test('errors of shape name the scope', () => {
    const graph = new Graph();
    const a = graph.input('a', dense([3]));
    const b = graph.input('b', dense([4]));
    const build = (): void => {
      graph.scope('backbone', () => graph.scope('layer1', () => graph.apply1(binary, [a, b], ADD)));
    };
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(/^backbone\.layer1: binary: .*\[3\] and \[4\]/);
    expect(graph.apply1(unary, [a], NEG).source).toMatchObject({ node: { scope: '' } });
  });

  test('names are taken once; a parameter has one shape', () => {
    const graph = new Graph();
    const x = graph.input('x', dense([3]));
    expect(() => graph.input('x', dense([3]))).toThrow(/two tensors named x/);
    graph.output('y', x);
    expect(() => graph.output('y', x)).toThrow(/two tensors named y/);
    expect(graph.parameter('w', [2, 3])).toBe(graph.parameter('w', [2, 3]));
    expect(() => graph.parameter('w', [3, 2])).toThrow(/w is used as \[2,3\] and as \[3,2\]/);
  });
});

describe('running', () => {
  test('nodes that no output needs are not recorded', async () => {
    const graph = new Graph();
    const x = graph.input('x', featureMap([1, 2, 2, 4]));
    let needed = 0;
    let dead = 0;
    graph.output(
      'y',
      graph.apply1(
        spy(() => needed++),
        [x],
        {},
      ),
    );
    graph.apply1(
      spy(() => dead++),
      [
        graph.apply1(
          spy(() => dead++),
          [x],
          {},
        ),
      ],
      {},
    );
    const store = await storeOf();
    const compiled = await CompiledGraph.create(graph, store, { label: 'dead nodes' });
    expect({ needed, dead, dispatches: compiled.statistics.dispatches }).toEqual({ needed: 1, dead: 0, dispatches: 1 });
    compiled.release();
    store.release();
  });

  test('two runs, and two plans, give identical bits', async () => {
    const spec = featureMap([1, 33, 35, 7]);
    const values = formula(33 * 35 * 7, 4);
    const store = await storeOf({ b: formula(7, 5) });
    const bytes: Uint8Array[] = [];
    for (let plan = 0; plan < 2; plan++) {
      const graph = new Graph();
      const x = graph.input('x', spec);
      const sum = graph.apply1(binary, [x, graph.parameter('b', [7])], { function: 'mul', activation: 'relu' });
      graph.output('y', graph.apply1(softmax, [sum], {}));
      const compiled = await CompiledGraph.create(graph, store, { label: 'determinism' });
      const padded = new Float32Array(33 * 35 * 8);
      values.forEach((v, i) => (padded[Math.floor(i / 7) * 8 + (i % 7)] = v));
      for (let run = 0; run < 2; run++) {
        bytes.push(new Uint8Array((await compiled.run({ x: padded })).outputs.get('y') as ArrayBuffer));
      }
      compiled.release();
    }
    expect(new Set(bytes[0]).size).toBeGreaterThan(1);
    bytes.slice(1).forEach((other) => expectSame(other, bytes[0]));
    store.release();
  });

  test('an input that is left out keeps its values', async () => {
    const graph = new Graph();
    const [a, b] = ['a', 'b'].map((name) => graph.input(name, dense([4])));
    graph.output('y', graph.apply1(binary, [a, b], ADD));
    const store = await storeOf();
    const compiled = await CompiledGraph.create(graph, store, { label: 'inputs' });
    await compiled.run({ a: new Float32Array([1, 2, 3, 4]), b: new Float32Array(4) });
    const run = await compiled.run({ b: new Float32Array([10, 20, 30, 40]) });
    expectSame(new Float32Array(run.outputs.get('y') as ArrayBuffer), [11, 22, 33, 44]);
    await expect(compiled.run({ c: new Float32Array(4) })).rejects.toThrow(/input c: no such input/);
    await expect(compiled.run({ a: new Float32Array(40) })).rejects.toThrow(/input a: too many bytes/);
    compiled.release();
    store.release();
  });

  test('memory is reused: a chain is planned below the sum of its tensors', async () => {
    const graph = new Graph();
    let x = graph.input('x', featureMap([1, 16, 16, 16]));
    for (let i = 0; i < 8; i++) {
      x = graph.apply1(unary, [x], { function: i % 2 === 0 ? 'neg' : 'abs' });
    }
    graph.output('y', x);
    const store = await storeOf();
    const compiled = await CompiledGraph.create(graph, store, { label: 'chain' });
    const bytes = 16 * 16 * 16 * 4;
    expect(compiled.statistics).toEqual({ dispatches: 8, planned: 2 * bytes, bound: 2 * bytes, total: 8 * bytes });
    compiled.release();
    store.release();
  });
});

describe('constants', () => {
  const values = {
    conv: formula(8 * 4, 1),
    weight: formula(8, 2),
    bias: formula(8, 3),
    mean: formula(8, 4),
    variance: formula(8, 5).map((v) => v + 2),
    unused: new Float32Array(100),
  };

  /** x + the folded bias: the folded weight is a constant that nothing reads. */
  function build(): Graph {
    const graph = new Graph();
    const bn = ['weight', 'bias', 'mean', 'variance'].map((name) => graph.parameter(name, [8]));
    const folded = graph.apply(foldBatchNorm, [graph.parameter('conv', [8, 4, 1, 1]), null, ...bn], { eps: 0 });
    graph.output('y', graph.apply1(binary, [graph.input('x', featureMap([2, 8])), folded[1]], ADD));
    return graph;
  }

  test('are computed once for two plans, and what only served to compute them is dropped', async () => {
    const gpu = await testDevice();
    const store = await storeOf(values);
    const submissions = gpu.counters.submissions;
    const first = await CompiledGraph.create(build(), store, { label: 'first' });
    expect(gpu.counters.submissions).toBe(submissions + 1);
    expect(Object.keys(values).filter((name) => store.find(name) !== undefined)).toEqual([]);
    const ownedByFirst = gpu.memory.live - before.live;
    const second = await CompiledGraph.create(build(), store, { label: 'second' });
    expect(gpu.counters.submissions, 'nothing to compute again').toBe(submissions + 1);
    // the constant, 8 floats, is not there twice
    expect(gpu.memory.live - before.live).toBe(2 * ownedByFirst - 32);

    const x = new Float32Array(16);
    const results: Float32Array[] = [];
    for (const plan of [first, second]) {
      results.push(new Float32Array((await plan.run({ x })).outputs.get('y') as ArrayBuffer));
      expect(plan.statistics.dispatches).toBe(1);
    }
    const expected = values.bias.map((b, i) => b - (values.mean[i] * values.weight[i]) / Math.sqrt(values.variance[i]));
    for (const result of results) {
      expect(result).toHaveLength(16);
      result.forEach((v, i) => expect(v).toBeCloseTo(expected[i % 8], 5));
    }
    expectSame(results[1], results[0]);

    first.release();
    expectSame(new Float32Array((await second.run({})).outputs.get('y') as ArrayBuffer), results[0]);
    second.release();
    store.release();
  });

  test('parameters are uploaded once and shared', async () => {
    const gpu = await testDevice();
    const store = await storeOf({ b: formula(4, 1) });
    const plan = (): Promise<CompiledGraph> => {
      const graph = new Graph();
      graph.output('y', graph.apply1(binary, [graph.input('x', dense([4])), graph.parameter('b', [4])], ADD));
      return CompiledGraph.create(graph, store, { label: 'shared' });
    };
    const first = await plan();
    const shared = store.find('b');
    expect(shared).toBeDefined();
    const count = gpu.memory.count;
    const second = await plan();
    expect(store.find('b')).toBe(shared);
    expect(gpu.memory.count - count).toBe(count - before.count - 1);
    first.release();
    second.release();
    store.release();
  });

  test('can be outputs', async () => {
    const store = await storeOf({ b: new Float32Array([1, -2, 3, -4]) });
    const graph = new Graph();
    graph.output('b', graph.parameter('b', [4]));
    graph.output('negative', graph.apply1(unary, [graph.parameter('b', [4])], NEG));
    const compiled = await CompiledGraph.create(graph, store, { label: 'constant outputs' });
    const { outputs } = await compiled.run({});
    expectSame(new Float32Array(outputs.get('b') as ArrayBuffer), [1, -2, 3, -4]);
    expectSame(new Float32Array(outputs.get('negative') as ArrayBuffer), [-1, 2, -3, 4]);
    compiled.release();
    store.release();
  });

  test('a parameter that the weights lack is named, and nothing stays behind', async () => {
    const store = await storeOf();
    await expect(CompiledGraph.create(build(), store, { label: 'lacking' })).rejects.toThrow(/no tensor named weight/);
    const graph = new Graph();
    graph.output('y', graph.parameter('b', [4]));
    graph.output('z', graph.apply1(unary, [graph.input('x', dense([4]))], NEG));
    await expect(CompiledGraph.create(graph, store, { label: 'lacking' })).rejects.toThrow(/no tensor named b/);
    store.release();
  });
});
