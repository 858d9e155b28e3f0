import { describe, expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { backpropagate } from '../../src/graph/differentiate';
import { Graph, type Tensor } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { StateStore } from '../../src/graph/states';
import { batchMoments, batchNorm } from '../../src/kernels/batch_norm';
import { groupNorm } from '../../src/kernels/group_norm';
import { dense, featureMap, product } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runGraph, testDevice, type OutputValues, type TestTensor } from '../helpers/gpu';
import { expectGradients } from '../helpers/gradient';
import { mapInput, plainInput, unpad } from '../helpers/layouts';
import { map } from './gemm_cases';

type Case =
  | { kind: 'batch' | 'given'; eps: number }
  | { kind: 'group'; eps: number; groups: number }
  | { kind: 'running'; momentum: number | null };
type Build = (graph: Graph, tensors: readonly (Tensor | null)[]) => Tensor;

function activations(tensor: FixtureTensor): TestTensor {
  return tensor.shape.length === 4 ? mapInput(tensor) : plainInput(tensor, 'channels4');
}

/** From x, weight, bias (and mean and variance where they are given) to y. */
function layer(
  attributes: Exclude<Case, { kind: 'running' }>,
  changes: (typeof DEVICES)[number]['changes'] = {},
): Build {
  return (graph, tensors) => {
    const [x, weight = null, bias = null, mean = null, variance = null] = tensors;
    const { eps } = attributes;
    if (attributes.kind === 'group') {
      return graph.apply(asOn(groupNorm, changes), [x, weight, bias], { groups: attributes.groups, eps })[0];
    }
    const own = attributes.kind === 'batch';
    const moments = own
      ? graph.apply(asOn(batchMoments, changes), [x, null, null, null], { momentum: 0.1 })
      : [mean, variance];
    return graph.apply1(asOn(batchNorm, changes), [x, weight, bias, ...moments], {
      eps,
      moments: own ? 'own' : 'given',
    });
  };
}

/** y, then the gradients of the inputs before the moments (null where the input is null), as stored. */
async function runLayer(
  build: Build,
  inputs: readonly (TestTensor | null)[],
  weight: TestTensor,
): Promise<{ y: OutputValues; gradients: (OutputValues | null)[] }> {
  const [y, ...rest] = await runGraph(
    [...inputs, weight],
    (graph, tensors) => {
      const output = build(graph, tensors.slice(0, -1));
      const targets = tensors.slice(0, Math.min(3, inputs.length)).filter((tensor) => tensor !== null);
      return [output, ...backpropagate(graph, [[output, tensors[inputs.length]!]], targets)];
    },
    { stored: true },
  );
  return { y, gradients: inputs.slice(0, 3).map((input) => (input === null ? null : (rest.shift() ?? null))) };
}

const cases = fixtures<Case>('normalise');

describe.each(DEVICES)('normalisation, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of cases) {
    if (attributes.kind !== 'running') {
      test(name, async () => {
        const { x, ...parameters } = inputs;
        const roles = ['weight', 'bias', 'mean', 'variance'];
        const operands = roles.map((role) => (role in parameters ? plainInput(parameters[role]) : null));
        const build = layer(attributes, changes);
        const { y, gradients } = await runLayer(build, [activations(x), ...operands], map(x.shape, 9));
        // in f32 a mean of 2000 is known to 1e-4, which is 4e-4 of the standard deviation
        const bound = name.endsWith('far from zero') ? 1e-3 : 2e-5;
        const expected = outputs.y.data as Float32Array;
        const values = unpad(y.spec, y.values, name);
        expectClose(values, x.shape.length === 4 ? toNhwc(expected, x.shape) : expected, bound, name);
        expectGradients(
          gradients,
          ['x', 'weight', 'bias'],
          outputs,
          bound,
          name,
          x.shape.length === 4 ? 'NCHW' : 'NHWC',
        );
      });
    }
  }

  test.each([
    ['batch', 3],
    ['batch', 1],
    ['given', 2],
    ['given', 0],
    ['group', 3],
    ['group', 0],
  ] as const)('%s: only %i items in use take part', async (kind, count) => {
    const [capacity, channels] = [5, 6];
    const attributes = kind === 'group' ? { kind, groups: 3, eps: 1e-3 } : { kind, eps: 1e-3 };
    const operands = [31, 32, 33, 34].map((seed): TestTensor => {
      return { spec: dense([channels]), values: formula(channels, seed).map((v) => v + 1.5) };
    });
    const item = 2 * 3 * channels;
    const [x, weight] = [35, 36].map((seed) => formula(capacity * item, seed).fill(NaN, count * item));
    const whole = { spec: featureMap([capacity, 2, 3, channels]), values: x, count };
    const build = layer(attributes, changes);
    const used = await runLayer(build, [whole, ...operands], { spec: whole.spec, values: weight });
    const spec = featureMap([count, 2, 3, channels]);
    const leading = await runLayer(build, [{ spec, values: x.slice(0, count * item) }, ...operands], {
      spec,
      values: weight.slice(0, count * item),
    });
    [leading.y, ...leading.gradients].forEach((expected, i) => {
      const actual = [used.y, ...used.gradients][i]!;
      const length = i < 2 ? count * 6 * 8 : channels;
      expectClose(actual.values.slice(0, length), expected!.values.slice(0, length), 1e-5, `${kind}, ${i}`);
    });
  });
});

test.each(['batch', 'group'] as const)('%s: no items, gradients of zero', async (kind) => {
  const attributes = kind === 'group' ? { kind, groups: 2, eps: 1e-3 } : { kind, eps: 1e-3 };
  const x = { spec: featureMap([0, 3, 3, 6]), values: new Float32Array() };
  const parameter = { spec: dense([6]), values: formula(6, 1) };
  const { gradients } = await runLayer(layer(attributes), [x, parameter, parameter], x);
  expectSame(gradients[1]!.values.slice(0, 6), new Float32Array(6));
  expectSame(gradients[2]!.values.slice(0, 6), new Float32Array(6));
});

test.each(['batch', 'given', 'group'] as const)('%s: gradients are central differences', async (kind) => {
  const attributes = kind === 'group' ? { kind, groups: 2, eps: 1e-2 } : { kind, eps: 1e-2 };
  const build = layer(attributes);
  const inputs: TestTensor[] = [
    { spec: featureMap([2, 3, 5, 6]), values: formula(180, 50) },
    ...[51, 52, 53, 54].map((seed) => ({ spec: dense([6]), values: formula(6, seed).map((v) => v + 1.5) })),
  ];
  const weight = { spec: inputs[0].spec, values: formula(180, 55) };
  const { gradients } = await runLayer(build, inputs, weight);
  for (const [i, gradient] of gradients.entries()) {
    const { spec, values } = inputs[i];
    const direction = formula(product(spec.shape), 60 + i);
    const along = async (t: number): Promise<number> => {
      const moved = inputs.map((input, j) =>
        j === i ? { spec, values: (values as Float32Array).map((v, k) => v + t * direction[k]) } : input,
      );
      const [y] = await runGraph(moved, (graph, tensors) => [build(graph, tensors)]);
      return dot(y.values, weight.values);
    };
    const difference = ((await along(2 ** -6)) - (await along(-(2 ** -6)))) * 2 ** 5;
    const derivative = unpad(gradient!.spec, gradient!.values);
    const scale = Math.sqrt(dot(derivative, derivative) * dot(direction, direction));
    expect(Math.abs(difference - dot(derivative, direction)), `${kind}, input ${i}`).toBeLessThan(2e-3 * scale);
  }
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

describe('running averages', () => {
  const running = cases.flatMap((c) => (c.attributes.kind === 'running' ? [{ ...c, settings: c.attributes }] : []));

  /** The averages and the number of batches after the given ones, each with how many of its items are in use. */
  async function averages(
    momentum: number | null,
    batches: readonly { readonly x: TestTensor; readonly count: number }[],
  ): Promise<Float32Array[]> {
    const gpu = await testDevice();
    const states = new StateStore(gpu);
    ['mean', 'variance'].forEach((name) => states.add(name, 5));
    states.add('batches', 1);
    states.write('variance', new Float32Array(5).fill(1));
    const graph = new Graph();
    const x = graph.withCount(graph.input('x', batches[0].x.spec), graph.input('count', dense([1], 'u32')));
    const state = (name: string, length: number): Tensor => graph.state(name, dense([length]));
    graph.apply(batchMoments, [x, state('mean', 5), state('variance', 5), state('batches', 1)], { momentum });
    const store = new ParameterStore(gpu, new Map());
    const compiled = await CompiledGraph.create(graph, store, { label: 'test', states });
    for (const { x: batch, count } of batches) {
      // 5 channels take 8 elements
      const stored = new Float32Array((batch.values.length / 5) * 8);
      batch.values.forEach((value, i) => (stored[Math.floor(i / 5) * 8 + (i % 5)] = value));
      await compiled.run({ x: stored, count: Uint32Array.of(count) });
    }
    const results = await states.read(['mean', 'variance', 'batches']);
    compiled.release();
    store.release();
    states.release();
    return results;
  }

  test.each(running)('$name', async ({ settings, inputs, outputs }) => {
    const batches = Object.values(inputs).map((tensor) => ({ x: mapInput(tensor), count: 2 }));
    const [mean, variance, count] = await averages(settings.momentum, batches);
    expectClose(mean, outputs.mean.data, 1e-5);
    expectClose(variance, outputs.variance.data, 1e-5);
    expect([...count]).toEqual([3]);
  });

  test('learn nothing from no value, or one', async () => {
    const x = { spec: featureMap([2, 1, 1, 5]), values: formula(10, 1) };
    const [mean, variance, count] = await averages(0.1, [
      { x, count: 0 },
      { x, count: 1 },
    ]);
    expectSame(mean, new Float32Array(5));
    expectSame(variance, new Float32Array(5).fill(1));
    expectSame(count, [0]);
  });
});

test('shapes that do not fit are refused', () => {
  const [x, c, other] = [featureMap([2, 3, 3, 6]), dense([6]), dense([5])];
  expect(() => batchMoments.infer([x, c, other, null], { momentum: 0.1 })).toThrow(/\[5\], expected \[6\]/);
  expect(() => batchMoments.infer([x, c, null, null], { momentum: 0.1 })).toThrow(/go together/);
  expect(() => batchMoments.infer([x, c, c, null], { momentum: null })).toThrow(/number of batches/);
  expect(() => batchMoments.infer([featureMap([1, 6]), null, null, null], { momentum: 0.1 })).toThrow(/no variance/);
  expect(() => batchNorm.infer([x, c, null, c, c], { eps: 0, moments: 'own' })).toThrow(/both or not at all/);
  expect(() => batchNorm.infer([x, c, c, c, other], { eps: 0, moments: 'own' })).toThrow(/expected \[6\]/);
  expect(() => groupNorm.infer([x, c, c], { groups: 4, eps: 0 })).toThrow(/do not fall into 4 groups/);
});
