import { describe, expect, test } from 'vitest';
import { CompiledGraph, type PlanStatistics } from '../../src/graph/compile';
import { backpropagate } from '../../src/graph/differentiate';
import { fuse } from '../../src/graph/fusion';
import { Graph, type Tensor } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { recomputeStages } from '../../src/graph/recompute';
import { StateStore } from '../../src/graph/states';
import { batchMoments, batchNorm, frozenBatchNorm } from '../../src/kernels/batch_norm';
import { conv2d, type Conv2dAttributes } from '../../src/kernels/conv2d';
import { dropout } from '../../src/kernels/dropout';
import { binary, unary } from '../../src/kernels/elementwise';
import { dense, featureMap, product } from '../../src/kernels/tensor';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';

const CONV: Conv2dAttributes = {
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 1,
  activation: 'none',
};
const CHANNELS = 8;
const MAP = [1, 24, 24, CHANNELS];

/** Adds a stage to the graph: from its input to its output. */
type Stage = (graph: Graph, x: Tensor, name: string) => Tensor;

function convRelu(graph: Graph, x: Tensor, name: string): Tensor {
  const weight = graph.parameter(`${name}.weight`, [CHANNELS, CHANNELS, 3, 3]);
  return graph.scope(name, () => {
    const y = graph.apply1(conv2d, [x, weight, null, null], CONV);
    return graph.apply1(unary, [y], { function: 'relu' });
  });
}

const convs: Stage = (graph, x, name) => [0, 1, 2, 3].reduce((y, i) => convRelu(graph, y, `${name}.conv${i}`), x);

/** As a block of a ResNet: its shortcut is read twice. */
const residual: Stage = (graph, x, name) => {
  const first = convRelu(graph, x, `${name}.conv0`);
  const weight = graph.parameter(`${name}.last.weight`, [CHANNELS, CHANNELS, 3, 3]);
  const norm = ['weight', 'bias', 'mean', 'variance'].map((part) => graph.parameter(`${name}.${part}`, [CHANNELS]));
  return graph.scope(name, () => {
    const y = graph.apply1(conv2d, [first, weight, null, null], CONV);
    const normed = graph.apply1(frozenBatchNorm, [y, ...norm], { eps: 1 });
    return graph.apply1(binary, [normed, x], { function: 'add', activation: 'relu' });
  });
};

/** What must not run twice, a batch's running averages, and what draws at random. */
const normed: Stage = (graph, x, name) => {
  const y = convRelu(graph, x, `${name}.conv0`);
  const state = (part: string, length: number): Tensor => graph.state(`${name}.${part}`, dense([length]));
  return graph.scope(name, () => {
    const running = [state('mean', CHANNELS), state('variance', CHANNELS), state('batches', 1)];
    const moments = graph.apply(batchMoments, [y, ...running], { momentum: 0.5 });
    const z = graph.apply1(batchNorm, [y, null, null, ...moments], { eps: 1e-3, moments: 'own' });
    const random = graph.inputs.get('random') ?? graph.input('random', dense([2], 'u32'));
    const dropped = graph.apply1(dropout, [z, random], { probability: 0.25, stream: Number(name.at(-1)) });
    return graph.apply1(unary, [dropped], { function: 'tanh' });
  });
};

interface Outcome {
  readonly gradients: readonly Float32Array[];
  readonly states: readonly Float32Array[];
  readonly statistics: PlanStatistics;
}

/** The gradients of x and of all weights through some stages, whose scopes begin with stage0, stage1 …. */
async function run(stage: Stage, stages: number, stageOf: ((scope: string) => string | null) | null): Promise<Outcome> {
  const gpu = await testDevice();
  const weights = new Map<string, Float32Array>();
  const graph = new Graph();
  const x = graph.input('x', featureMap(MAP));
  const y = Array.from({ length: stages }).reduce<Tensor>((value, _, i) => stage(graph, value, `stage${i}`), x);
  fuse(graph);
  const forward = graph.nodes.length;
  [...graph.parameters.values()].forEach(({ source, spec }, i) => {
    if (source.kind === 'parameter') {
      const scale = spec.shape.length === 4 ? 0.2 : 1;
      weights.set(
        source.name,
        formula(product(spec.shape), 10 + i).map((v) => scale * v + (scale === 1 ? 1.5 : 0)),
      );
    }
  });
  const targets = [x, ...[...graph.parameters.values()].filter(({ spec }) => spec.shape.length === 4)];
  backpropagate(graph, [[y, graph.input('weight', featureMap(MAP))]], targets).forEach((gradient, i) =>
    graph.output(`gradient${i}`, gradient),
  );
  if (stageOf !== null) {
    recomputeStages(graph, forward, stageOf);
  }
  const states = new StateStore(gpu);
  graph.states.forEach(({ spec }, name) => states.add(name, product(spec.shape)));
  const store = new ParameterStore(gpu, weights);
  const compiled = await CompiledGraph.create(graph, store, { label: 'test', states });
  const { outputs } = await compiled.run({
    x: formula(product(MAP), 1),
    weight: formula(product(MAP), 2),
    ...(graph.inputs.has('random') ? { random: Uint32Array.of(3, 4) } : {}),
  });
  const values = await states.read([...graph.states.keys()]);
  compiled.release();
  store.release();
  states.release();
  return {
    gradients: targets.map((_, i) => new Float32Array(outputs.get(`gradient${i}`)!)),
    states: values,
    statistics: compiled.statistics,
  };
}

function byStage(scope: string): string {
  return scope.split('.')[0];
}

describe('stages computed again in the backward pass', () => {
  test.each([
    ['convolutions', convs],
    ['residual blocks', residual],
    ['batch statistics and dropout', normed],
  ] as const)('%s: the same bits', async (_, stage) => {
    const plain = await run(stage, 4, null);
    const again = await run(stage, 4, byStage);
    expect(again.statistics.dispatches).toBeGreaterThan(plain.statistics.dispatches);
    expect(again.gradients).toEqual(plain.gradients);
    expect(again.states).toEqual(plain.states);
    plain.gradients.forEach((gradient) => expect(gradient.some((value) => value !== 0)).toBe(true));
  });

  test('no more is alive at a time than what lies between the stages and within one of them', async () => {
    const map = product(MAP) * 4;
    const plain = await run(convs, 5, null);
    const again = await run(convs, 5, byStage);
    // without, the 19 maps before the last; with, those between stages and within the stage at hand
    expect(plain.statistics.bound).toBeGreaterThan(19 * map);
    expect(plain.statistics.bound - again.statistics.bound).toBeGreaterThan(9 * map);
    expect(again.statistics.planned).toBeLessThan(0.7 * plain.statistics.planned);
  });

  test('nothing changes where no stage is named', async () => {
    const plain = await run(convs, 2, null);
    const again = await run(convs, 2, () => null);
    expect(again.statistics).toEqual(plain.statistics);
  });
});

describe('the nodes', () => {
  test('stand right before their first reader, and read what is kept', () => {
    const graph = new Graph();
    const x = graph.input('x', featureMap(MAP));
    const middle = convs(graph, x, 'stage0');
    const y = convs(graph, middle, 'stage1');
    fuse(graph);
    const forward = graph.nodes.length;
    backpropagate(graph, [[y, graph.input('weight', featureMap(MAP))]], [x]);
    const before = [...graph.nodes];
    recomputeStages(graph, forward, byStage);
    const added = graph.nodes.filter((node) => !before.includes(node));
    expect(added.length).toBe(forward);
    const first = graph.nodes.indexOf(added[0]);
    expect(first).toBeGreaterThan(forward - 1);
    expect(added[0].scope).toMatch(/^stage1/);
    // the later stage first, from what the earlier one left
    const reads = added.filter(({ inputs }) => inputs.some((input) => input?.id === middle.id));
    expect(reads.length).toBeGreaterThan(0);
    expect(
      graph.nodes
        .slice(forward)
        .every(({ inputs }) => inputs.every((input) => isNotWithin(input, before, forward, [middle.id, y.id]))),
    ).toBe(true);
  });

  test('a node whose state is overwritten before the backward pass is not repeated', () => {
    const graph = new Graph();
    const x = graph.input('x', featureMap(MAP));
    const state = graph.state('factor', dense([CHANNELS]));
    const y = graph.scope('stage0', () => {
      const scaled = graph.apply1(binary, [x, state], { function: 'mul', activation: 'none' });
      const e = graph.apply1(unary, [scaled], { function: 'exp' });
      graph.apply(batchMoments, [e, state, graph.state('variance', dense([CHANNELS])), null], { momentum: 0.5 });
      return graph.apply1(unary, [e], { function: 'tanh' });
    });
    const forward = graph.nodes.length;
    backpropagate(graph, [[y, graph.input('weight', featureMap(MAP))]], [x]);
    const before = [...graph.nodes];
    recomputeStages(graph, forward, byStage);
    const added = graph.nodes.filter((node) => !before.includes(node));
    expect(added.map(({ op }) => op)).not.toContain(binary);
    expect(added.map(({ op }) => op)).not.toContain(batchMoments);
  });
});

/** Whether a reader in the backward pass leaves alone what a stage of the forward pass made, but for what is kept. */
function isNotWithin(
  input: Tensor | null,
  before: readonly { readonly outputs: readonly Tensor[] }[],
  forward: number,
  kept: readonly number[],
): boolean {
  const within = before.slice(0, forward).flatMap(({ outputs }) => outputs.map(({ id }) => id));
  return input === null || kept.includes(input.id) || !within.includes(input.id);
}
