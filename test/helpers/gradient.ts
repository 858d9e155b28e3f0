import { expect } from 'vitest';
import { backpropagate } from '../../src/graph/differentiate';
import type { Graph, Tensor } from '../../src/graph/graph';
import type { Op } from '../../src/kernels/op';
import { product } from '../../src/kernels/tensor';
import { expectClose, toNhwc } from './compare';
import type { FixtureTensor } from './fixtures';
import { formula } from './formula';
import { runGraph, runOp, type OutputValues, type TestTensor } from './gpu';
import { unpad } from './layouts';

export interface GradientOptions {
  /** Variant of each op by name, those of the backward included. */
  readonly variants?: Readonly<Record<string, string>>;
  /** As in runOp. */
  readonly stored?: boolean;
  /** The inputs whose gradients are wanted; default: all of f32. */
  readonly wanted?: readonly number[];
}

/**
 * The gradients of an op by its f32 inputs, for given weights of its outputs (null: that output is not used), through
 * graph, plan and device. No input is constant, so that gradients of weights are computed as in training.
 * @returns for each input its gradient, or null for those that have none
 */
export async function runGradient<A>(
  op: Op<A>,
  inputs: readonly (TestTensor | null)[],
  attributes: A,
  weights: readonly (TestTensor | null)[],
  options: GradientOptions = {},
): Promise<(OutputValues | null)[]> {
  const isWanted = (input: TestTensor | null, i: number): boolean =>
    input !== null &&
    input.spec.dtype === 'f32' &&
    op.constants?.includes(i) !== true &&
    options.wanted?.includes(i) !== false;
  const build = (graph: Graph, tensors: (Tensor | null)[]): readonly Tensor[] => {
    const outputs = graph.apply(op, tensors.slice(0, inputs.length), attributes);
    const weighted = outputs.flatMap((output, i) => {
      const weight = tensors[inputs.length + i] ?? null;
      return weight === null ? [] : [[output, weight] as const];
    });
    const targets = inputs.flatMap((input, i) => (isWanted(input, i) ? [tensors[i]!] : []));
    return backpropagate(graph, weighted, targets);
  };
  const variables = inputs.map((input) => (input === null ? null : { ...input, parameter: false }));
  const gradients = await runGraph([...variables, ...weights], build, options);
  let next = 0;
  return inputs.map((input, i) => (isWanted(input, i) ? gradients[next++] : null));
}

/**
 * Holds gradients against central differences of the op's own forward: along random directions, the derivative of the
 * weighted sum of the outputs is the gradient's product with the direction (in f32: for ops that are smooth at the inputs).
 */
export async function expectCentralDifferences<A>(
  op: Op<A>,
  inputs: readonly (TestTensor | null)[],
  attributes: A,
  bound: number,
  options: GradientOptions & { readonly step?: number } = {},
): Promise<void> {
  const step = options.step ?? 2 ** -6;
  const outputs = await runOp(op, inputs, attributes);
  const weights = outputs.map(({ spec }, i): TestTensor | null =>
    spec.dtype === 'f32' ? { spec, values: formula(product(spec.shape), 100 + i) } : null,
  );
  const gradients = await runGradient(op, inputs, attributes, weights, options);
  for (const [i, gradient] of gradients.entries()) {
    const input = inputs[i];
    if (gradient === null || input === null) {
      continue;
    }
    const direction = formula(product(input.spec.shape), 200 + i);
    const along = async (t: number): Promise<number> => {
      const moved = inputs.map((other, j) =>
        other === null || j !== i
          ? other
          : { ...other, values: (other.values as Float32Array).map((v, k) => v + t * direction[k]) },
      );
      const results = await runOp(op, moved, attributes);
      return sum(results.map(({ values }, k) => (weights[k] === null ? 0 : dot(values, weights[k].values))));
    };
    const difference = ((await along(step)) - (await along(-step))) / (2 * step);
    const derivative = dot(gradient.values, direction);
    const scale = norm(gradient.values) * norm(direction);
    const error = Math.abs(difference - derivative);
    if (!(error <= bound * scale)) {
      expect.fail(`${op.name}, input ${i}: difference ${difference}, derivative ${derivative}, of ${scale} at most`);
    }
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) {
    total += a[i] * b[i];
  }
  return total;
}

function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Holds gradients of runGradient(), as stored, against a fixture's `d_ROLE`. Padding must be zero. */
export function expectGradients(
  gradients: readonly (OutputValues | null)[],
  roles: readonly string[],
  expected: Readonly<Record<string, FixtureTensor>>,
  bound: number,
  what: string,
  mapsOfFixture: 'NCHW' | 'NHWC' = 'NCHW',
): void {
  gradients.forEach((gradient, i) => {
    const reference = expected[`d_${roles[i]}`] as FixtureTensor | undefined;
    expect(gradient === null, `${what}: gradient of ${roles[i]}`).toBe(reference === undefined);
    if (gradient === null || reference === undefined) {
      return;
    }
    const data = reference.data as Float32Array;
    const isMap = mapsOfFixture === 'NCHW' && gradient.spec.layout === 'channels4' && gradient.spec.shape.length === 4;
    const values = unpad(gradient.spec, gradient.values, `${what}, d_${roles[i]}`);
    expectClose(values, isMap ? toNhwc(data, reference.shape) : data, bound, `${what}, d_${roles[i]}`);
  });
}

/**
 * Holds that only the items in use enter the gradients: with a count on the first input, and NaN in all that lies past
 * it, they are those of the leading items alone.
 * @param itemwise the inputs that have the items on their first axis
 */
export async function expectCounted<A>(
  op: Op<A>,
  inputs: readonly (TestTensor | null)[],
  attributes: A,
  weight: TestTensor,
  count: number,
  itemwise: readonly number[],
  options: GradientOptions,
): Promise<void> {
  const gradients = await runGradient(
    op,
    inputs.map((input, i) => (input !== null && itemwise.includes(i) ? spoiled(input, count, i === 0) : input)),
    attributes,
    [spoiled(weight, count, false)],
    options,
  );
  const leading = await runGradient(
    op,
    inputs.map((input, i) => (input !== null && itemwise.includes(i) ? firstItems(input, count) : input)),
    attributes,
    [firstItems(weight, count)],
    options,
  );
  leading.forEach((expected, i) => {
    if (expected !== null) {
      const { values } = gradients[i]!;
      expectClose(
        values.subarray(0, expected.values.length),
        expected.values,
        1e-6,
        `${op.name}, ${count} items, input ${i}`,
      );
    }
  });
}

function firstItems({ spec, values }: TestTensor, count: number): TestTensor {
  const shape = [count, ...spec.shape.slice(1)];
  return { spec: { ...spec, shape }, values: values.slice(0, product(shape)) };
}

function spoiled(tensor: TestTensor, count: number, counted: boolean): TestTensor {
  const values = (tensor.values as Float32Array).slice();
  values.fill(NaN, product([count, ...tensor.spec.shape.slice(1)]));
  return { ...tensor, values, ...(counted ? { count } : {}) };
}
