import { describe, expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { fuse } from '../../src/graph/fusion';
import { Graph, type Tensor } from '../../src/graph/graph';
import { lowerGraph } from '../../src/graph/lower';
import { ParameterStore } from '../../src/graph/parameters';
import type { Activation } from '../../src/kernels/activation';
import { frozenBatchNorm } from '../../src/kernels/batch_norm';
import { conv2d } from '../../src/kernels/conv2d';
import { convTranspose2d } from '../../src/kernels/conv_transpose2d';
import { binary, unary, type BinaryFunction, type UnaryFunction } from '../../src/kernels/elementwise';
import { linear } from '../../src/kernels/linear';
import { featureMap, fromStored } from '../../src/kernels/tensor';
import type { ResnetName } from '../../src/models/config';
import { resnetStages } from '../../src/models/resnet';
import { expectClose } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { expectNoLeaks } from '../helpers/leaks';
import { testDevice } from '../helpers/gpu';

expectNoLeaks();

/** How often each op is dispatched at run time, and the ops that are computed once. */
async function loweredOps(graph: Graph): Promise<{ run: Record<string, number>; once: Set<string> }> {
  const { capabilities } = await testDevice();
  const lowered = lowerGraph(
    graph,
    capabilities,
    ({ op }) => (op.name === 'conv2d' || op.name === 'linear' ? 'plain' : undefined),
    () => false,
  );
  const nameOf = (op: string): string => op.split(' ')[0];
  const run: Record<string, number> = {};
  for (const { op } of lowered.calls) {
    run[nameOf(op)] = (run[nameOf(op)] ?? 0) + 1;
  }
  return { run, once: new Set(lowered.constantCalls.map(({ op }) => nameOf(op))) };
}

/** The building blocks, each with the parameters of its place. */
class Layers {
  readonly graph = new Graph();
  /** Everything that has been made, by place. */
  readonly made = new Map<string, Tensor>();

  conv(name: string, x: Tensor, outputs: number, { bias = false, activation = 'none' } = {}): Tensor {
    const weight = this.graph.parameter(`${name}.weight`, [outputs, x.spec.shape[3], 3, 3]);
    const inputs = [x, weight, bias ? this.graph.parameter(`${name}.bias`, [outputs]) : null, null];
    return this.keep(
      name,
      this.graph.apply1(conv2d, inputs, {
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
        groups: 1,
        activation,
      }),
    );
  }

  up(name: string, x: Tensor, outputs: number): Tensor {
    const weight = this.graph.parameter(`${name}.weight`, [x.spec.shape[3], outputs, 2, 2]);
    const attributes = { groups: 1, activation: 'none' as const };
    return this.keep(
      name,
      this.graph.apply1(convTranspose2d, [x, weight, this.graph.parameter(`${name}.bias`, [outputs])], {
        ...attributes,
        stride: [2, 2],
        padding: [0, 0],
        outputPadding: [0, 0],
        dilation: [1, 1],
      }),
    );
  }

  dense(name: string, x: Tensor, outputs: number): Tensor {
    const inputs = x.spec.shape.slice(1).reduce((a, b) => a * b, 1);
    const parameters = [this.graph.parameter(`${name}.weight`, [outputs, inputs]), null];
    return this.keep(name, this.graph.apply1(linear, [x, ...parameters], { activation: 'none' }));
  }

  norm(name: string, x: Tensor): Tensor {
    const parts = ['weight', 'bias', 'mean', 'variance'];
    const parameters = parts.map((part) => this.graph.parameter(`${name}.${part}`, [x.spec.shape[3]]));
    return this.keep(name, this.graph.apply1(frozenBatchNorm, [x, ...parameters], { eps: 1e-5 }));
  }

  unary(name: string, x: Tensor, fn: UnaryFunction): Tensor {
    return this.keep(name, this.graph.apply1(unary, [x], { function: fn }));
  }

  binary(name: string, a: Tensor, b: Tensor, fn: BinaryFunction, activation: Activation = 'none'): Tensor {
    return this.keep(name, this.graph.apply1(binary, [a, b], { function: fn, activation }));
  }

  private keep(name: string, tensor: Tensor): Tensor {
    this.made.set(name, tensor);
    return tensor;
  }
}

type Build = (layers: Layers, x: Tensor) => Tensor;

/** Small, odd sizes: 5 x 7 of 6 channels. */
function build(make: Build, keepAll: boolean): Graph {
  const layers = new Layers();
  const result = make(layers, layers.graph.input('x', featureMap([1, 5, 7, 6])));
  layers.graph.output('result', result);
  if (keepAll) {
    // what is an output must be there as it is, so nothing can be fused into a later step
    layers.made.forEach((tensor, name) => tensor !== result && layers.graph.output(name, tensor));
  }
  return layers.graph;
}

async function run(graph: Graph): Promise<ArrayLike<number>> {
  const values = new Map(
    [...graph.parameters].map(([name, { spec }], i) => {
      const data = formula(
        spec.shape.reduce((a, b) => a * b, 1),
        i + 1,
      );
      return [name, name.endsWith('variance') ? data.map((v) => v * 0.5 + 1) : data];
    }),
  );
  const store = new ParameterStore(await testDevice(), values);
  const result = graph.outputs.get('result') as Tensor;
  const compiled = await CompiledGraph.create(graph, store, { label: 'fusion' });
  try {
    const x = formula(5 * 7 * 6, 99);
    const stored = Float32Array.from({ length: 5 * 7 * 8 }, (_, i) =>
      i % 8 < 6 ? x[Math.floor(i / 8) * 6 + (i % 8)] : 0,
    );
    const { outputs } = await compiled.run({ x: stored });
    return fromStored(result.spec, outputs.get('result') as ArrayBuffer);
  } finally {
    compiled.release();
    store.release();
  }
}

/** Ops that run when fused, and those that run when every intermediate tensor is an output. */
const FUSED: [string, Build, Record<string, number>, Record<string, number>][] = [
  [
    'conv, norm, ReLU',
    (l, x) => l.unary('relu', l.norm('norm', l.conv('conv', x, 9)), 'relu'),
    { conv2d: 1 },
    { conv2d: 1, frozenBatchNorm: 2, unary: 1 },
  ],
  [
    'conv with bias, norm',
    (l, x) => l.norm('norm', l.conv('conv', x, 9, { bias: true })),
    { conv2d: 1 },
    { conv2d: 1, frozenBatchNorm: 2 },
  ],
  [
    'conv + x, then ReLU in the addition',
    (l, x) => l.binary('sum', l.conv('conv', x, 6, { bias: true }), x, 'add', 'relu'),
    { conv2d: 1 },
    { conv2d: 1, binary: 1 },
  ],
  [
    'x + conv and norm, then a sigmoid of its own',
    (l, x) => l.unary('out', l.binary('sum', x, l.norm('norm', l.conv('conv', x, 6)), 'add'), 'sigmoid'),
    { conv2d: 1 },
    { conv2d: 1, frozenBatchNorm: 2, binary: 1, unary: 1 },
  ],
  [
    'two convs with norms added: the second joins as residual',
    (l, x) => {
      const [a, b] = ['a', 'b'].map((name) => l.norm(`${name}.norm`, l.conv(name, x, 9)));
      return l.binary('sum', a, b, 'add', 'relu');
    },
    { conv2d: 2 },
    { conv2d: 2, frozenBatchNorm: 4, binary: 1 },
  ],
  [
    'transposed conv, ReLU',
    (l, x) => l.unary('relu', l.up('up', x, 5), 'relu'),
    { convTranspose2d: 1 },
    { convTranspose2d: 1, unary: 1 },
  ],
  [
    'linear layer, ReLU',
    (l, x) => l.unary('relu', l.dense('fc', x, 11), 'relu'),
    { linear: 1 },
    { linear: 1, unary: 1 },
  ],
];

describe('is done, and changes no value', () => {
  test.each(FUSED)('%s', async (_, make, fusedOps, unfusedOps) => {
    const [graph, plain] = [build(make, false), build(make, true)];
    fuse(graph);
    fuse(plain);
    expect((await loweredOps(graph)).run).toEqual(fusedOps);
    expect((await loweredOps(plain)).run).toEqual(unfusedOps);
    expectClose(await run(build(make, false)), await run(build(make, true)), 1e-5);
  });
});

/** Cases that must stay as they are. */
const KEPT: [string, Build, Record<string, number>][] = [
  [
    'a conv that two read',
    (l, x) => {
      const y = l.conv('conv', x, 6);
      return l.binary('sum', l.unary('relu', y, 'relu'), l.unary('neg', y, 'neg'), 'mul');
    },
    { conv2d: 1, unary: 2, binary: 1 },
  ],
  [
    'a conv added to itself',
    (l, x) => {
      const y = l.conv('conv', x, 6);
      return l.binary('sum', y, y, 'add');
    },
    { conv2d: 1, binary: 1 },
  ],
  [
    'a norm after an activation',
    (l, x) => l.norm('norm', l.conv('conv', x, 9, { activation: 'relu' })),
    { conv2d: 1, frozenBatchNorm: 2 },
  ],
  [
    'an addition after an activation',
    (l, x) => l.binary('sum', l.conv('conv', x, 6, { activation: 'relu' }), x, 'add'),
    { conv2d: 1, binary: 1 },
  ],
  [
    'a norm after a residual',
    (l, x) => l.norm('norm', l.binary('sum', l.conv('conv', x, 6), x, 'add')),
    { conv2d: 1, frozenBatchNorm: 2 },
  ],
  [
    'a second activation',
    (l, x) => l.unary('b', l.unary('a', l.conv('conv', x, 6), 'sigmoid'), 'relu'),
    { conv2d: 1, unary: 1 },
  ],
  ['another function', (l, x) => l.unary('exp', l.conv('conv', x, 6), 'exp'), { conv2d: 1, unary: 1 }],
  ['a subtraction', (l, x) => l.binary('d', l.conv('conv', x, 6), x, 'sub'), { conv2d: 1, binary: 1 }],
  [
    'an addition that broadcasts the conv',
    (l, x) => l.binary('sum', l.conv('conv', x, 1), x, 'add'),
    { conv2d: 1, binary: 1 },
  ],
];

describe('is left where it would change values', () => {
  test.each(KEPT)('%s', async (_, make, ops) => {
    const graph = build(make, false);
    fuse(graph);
    expect((await loweredOps(graph)).run).toEqual(ops);
    expectClose(await run(build(make, false)), await run(build(make, true)), 1e-5);
  });
});

describe('of a ResNet', () => {
  const convs: [ResnetName, number][] = [
    ['resnet18', 20],
    ['resnet50', 53],
  ];
  test.each(convs)('%s is its convolutions and one pooling', async (name, count) => {
    const graph = new Graph();
    const image = graph.input('image', featureMap([1, 64, 64, 3]));
    const stages = resnetStages(graph, image, name, { prefix: '', eps: 1e-5, lastStage: 4 });
    stages.forEach((stage, i) => graph.output(`C${i + 2}`, stage));
    fuse(graph);
    const { run: ops, once } = await loweredOps(graph);
    expect(ops).toEqual({ conv2d: count, maxPool2d: 1 });
    expect(once).toContain('foldBatchNorm');
  });
});
