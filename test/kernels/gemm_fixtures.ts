import type { Activation } from '../../src/kernels/activation';
import { conv2d, type Conv2dAttributes } from '../../src/kernels/conv2d';
import { convTranspose2d, type ConvTranspose2dAttributes } from '../../src/kernels/conv_transpose2d';
import { linear } from '../../src/kernels/linear';
import type { Op } from '../../src/kernels/op';
import { product } from '../../src/kernels/tensor';
import { toNhwc } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { runOp, type OutputValues, type RunOptions, type TestTensor } from '../helpers/gpu';
import { map, parameter } from './gemm_cases';

export interface ConvCase extends Conv2dAttributes {
  readonly x: [number, number, number, number];
  readonly weight: [number, number, number, number];
  readonly bias: boolean;
  readonly residual: boolean;
}

export function convInputs(c: ConvCase, outputShape: readonly number[]): (TestTensor | null)[] {
  return [
    map(c.x, 1),
    parameter(c.weight, 2),
    c.bias ? parameter([c.weight[0]], 3) : null,
    c.residual ? map(outputShape, 4) : null,
  ];
}

export function convAttributes({ stride, padding, dilation, groups, activation }: ConvCase): Conv2dAttributes {
  return { stride, padding, dilation, groups, activation };
}

export interface ConvTransposeCase extends ConvTranspose2dAttributes {
  readonly x: [number, number, number, number];
  readonly weight: [number, number, number, number];
  readonly bias: boolean;
}

export function convTransposeInputs(c: ConvTransposeCase): [TestTensor, TestTensor, TestTensor | null] {
  return [map(c.x, 1), parameter(c.weight, 2), c.bias ? parameter([c.weight[1] * c.groups], 3) : null];
}

export function convTransposeAttributes(c: ConvTransposeCase): ConvTranspose2dAttributes {
  const { stride, padding, outputPadding, dilation, groups, activation } = c;
  return { stride, padding, outputPadding, dilation, groups, activation };
}

export interface LinearCase {
  readonly x: number[];
  readonly weight: [number, number];
  readonly bias: boolean;
  readonly activation: Activation;
}

export function linearInputs(c: LinearCase): [TestTensor, TestTensor, TestTensor | null] {
  return [map(c.x, 1), parameter(c.weight, 2), c.bias ? parameter([c.weight[0]], 3) : null];
}

/** A case of an op with a constant weight that the GEMM variants do, whatever the op. */
export interface WeightFixture {
  readonly name: string;
  /** The second one is the weight. */
  readonly inputs: readonly (TestTensor | null)[];
  /** PyTorch's, as a feature map or matrix, without padding. */
  readonly expected: Float32Array;
  readonly run: (inputs: readonly (TestTensor | null)[], options?: FixtureOptions) => Promise<OutputValues>;
}

export interface FixtureOptions extends RunOptions {
  /** The op as it would run on another device. */
  readonly on?: <A>(op: Op<A>) => Op<A>;
  /** Instead of the case's own. */
  readonly activation?: Activation;
}

function weightFixture<A extends { readonly activation: Activation }>(
  op: Op<A>,
  name: string,
  inputs: readonly (TestTensor | null)[],
  attributes: A,
  { shape, data }: FixtureTensor,
): WeightFixture {
  return {
    name: `${op.name}: ${name}`,
    inputs,
    expected: shape.length === 4 ? toNhwc(data as Float32Array, shape) : (data as Float32Array),
    run: async (tensors, { on, activation = attributes.activation, ...options } = {}) =>
      (await runOp(on?.(op) ?? op, tensors, { ...attributes, activation }, options))[0],
  };
}

/** PyTorch's results for every case of conv2d, linear and convTranspose2d that is a GEMM, but for empty ones. */
export function weightFixtures(): WeightFixture[] {
  const convs = fixtures<ConvCase>('conv2d').map(({ name, attributes: c, outputs: { y } }) => ({
    is: c.groups === 1 && product(y.shape) > 0,
    fixture: () => weightFixture(conv2d, name, convInputs(c, y.shape), convAttributes(c), y),
  }));
  const linears = fixtures<LinearCase>('linear').map(({ name, attributes: c, outputs: { y } }) => ({
    is: product(y.shape) > 0,
    fixture: () => weightFixture(linear, name, linearInputs(c), { activation: c.activation }, y),
  }));
  const transposed = fixtures<ConvTransposeCase>('conv_transpose2d').map(({ name, attributes: c, outputs: { y } }) => ({
    is: name.startsWith('blocks') && product(y.shape) > 0,
    fixture: () => weightFixture(convTranspose2d, name, convTransposeInputs(c), convTransposeAttributes(c), y),
  }));
  return [...convs, ...linears, ...transposed].filter(({ is }) => is).map(({ fixture }) => fixture());
}
