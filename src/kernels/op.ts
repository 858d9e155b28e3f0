import type { Capabilities } from '../gpu/capabilities';
import type { BindingUse, KernelCall } from '../gpu/kernel';
import type { Precision } from './precision';
import type { TensorSpec } from './tensor';

/**
 * A tensor as an op sees it while it records its dispatches: a shape that stands for memory which the plan assigns later.
 */
export interface Operand {
  /** The memory that the operand stands for: two operands with one id share it. */
  readonly id: number;
  readonly spec: TensorSpec;
  /** How many items of the first axis are in use, a u32 tensor of shape [1] on the GPU; absent where all are. */
  readonly count?: Operand;
  /** Set where the value depends on parameters alone, so that it is computed once: its identity across plans. */
  readonly constantKey?: string;
}

export type OpKernelCall = KernelCall<Operand>;

/** What the choice among an op's variants depends on, beside its shapes. */
export interface Target {
  readonly capabilities: Capabilities;
  readonly precision: Precision;
}

/** What an op records into. */
export interface Lowering extends Target {
  /** A variant by name: measured as the fastest for these shapes, or asked for by a test. Undefined: the op chooses. */
  readonly variant: string | undefined;
  dispatch(call: OpKernelCall): void;
  /** Memory for this op's own use, freed after its last dispatch. Its content is undefined at first. */
  scratch(spec: TensorSpec): Operand;
  /**
   * A tensor that depends on `source` alone, such as packed weights: computed once where the source is constant, and
   * shared by every op and plan that asks with the same name and source. Where it is not, it is computed in every run, and
   * shared by the ops up to the next one that overwrites a state.
   */
  derived(
    source: Operand,
    name: string,
    spec: TensorSpec,
    record: (context: Lowering, target: Operand) => void,
  ): Operand;
}

/** A value of the graph, as much of it as an op's backward sees. */
export interface Value {
  readonly spec: TensorSpec;
  readonly count?: Value;
}

/** What an op's backward adds its nodes to. */
export interface GradientBuilder<V extends Value> {
  apply<A>(op: Op<A>, inputs: readonly (V | null)[], attributes: A): V[];
  /** apply() for an op with one output. */
  apply1<A>(op: Op<A>, inputs: readonly (V | null)[], attributes: A): V;
  /** The same memory under another shape of as many elements; dense tensors only. */
  view(value: V, shape: readonly number[]): V;
}

/** One application of an op that is to be differentiated. */
export interface Application<V extends Value, Attributes> {
  readonly inputs: readonly (V | null)[];
  readonly outputs: readonly V[];
  /** The loss's derivative by each output, of the output's shape and layout; null where the loss does not depend on it. */
  readonly gradients: readonly (V | null)[];
  readonly attributes: Attributes;
  /** For each input, whether its gradient is asked for. */
  readonly wanted: readonly boolean[];
}

/**
 * An op: its shape rule, its forward dispatches and its backward, in one place. Inputs that are optional may be null.
 * @typeParam Attributes constants of a node, JSON values
 */
export interface Op<Attributes> {
  readonly name: string;
  /** The outputs' shapes. @throws ShapeError where the inputs do not fit */
  infer(inputs: readonly (TensorSpec | null)[], attributes: Attributes): TensorSpec[];
  /**
   * The variants that are worth measuring on a device for these shapes, the usual choice first. Left out, or fewer than two:
   * there is nothing to choose.
   */
  candidates?(
    target: Target,
    inputs: readonly (TensorSpec | null)[],
    outputs: readonly TensorSpec[],
    attributes: Attributes,
  ): readonly string[];
  forward(
    context: Lowering,
    inputs: readonly (Operand | null)[],
    outputs: readonly Operand[],
    attributes: Attributes,
  ): void;
  /**
   * Adds the nodes that compute the loss's derivative by each wanted input, of the input's shape and layout; null for
   * inputs that are not wanted. An op without it cannot lie between a loss and a parameter.
   */
  backward?<V extends Value>(build: GradientBuilder<V>, application: Application<V, Attributes>): (V | null)[];
  /** Inputs that it overwrites, which must be states; such a node runs though nobody reads its outputs. */
  readonly updates?: readonly number[];
  /** Inputs that no gradient flows to by definition, such as boxes to pool from; inputs of whole numbers need not be named. */
  readonly constants?: readonly number[];
  /** Item i of the outputs' first axis depends only on item i of the first input's, so the input's count holds for them. */
  readonly itemwise?: boolean;
}

/** Shapes that do not fit an op: a mistake in a model, or a checkpoint of another one. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export function read(target: Operand, element: string): BindingUse<Operand> {
  return { target, element, access: 'read' };
}

export function write(target: Operand, element: string): BindingUse<Operand> {
  return { target, element, access: 'read_write' };
}

/** The operand at `index`. @throws ShapeError where a required input is missing */
export function required<T>(values: readonly (T | null)[], index: number, op: string): T {
  const value = values[index];
  if (value === null || value === undefined) {
    throw new ShapeError(`${op}: input ${index} is missing`);
  }
  return value;
}

/** Spreads a number of workgroups over two dimensions; kernels get the linear index back by `linear_workgroup`. */
export function spread(workgroups: number, limit = 65535): [number, number, number] {
  if (workgroups <= limit) {
    return [workgroups, 1, 1];
  }
  const y = Math.ceil(workgroups / limit);
  return [Math.ceil(workgroups / y), y, 1];
}

/**
 * How a kernel walks over n independent items (usually vec4s). Software adapters want one subgroup as the workgroup and
 * a long run of contiguous items in it; hardware wants many invocations with few items. Use with shaders/lib/linear.wgsl:
 * `for (var step = 0u; step < ${STEPS}; step++) { let i = item_index(workgroup, step, lane); if (i < n) …`.
 */
export function linearWalk(
  capabilities: Capabilities,
  n: number,
): { defines: { LANES: number; STEPS: number }; workgroups: [number, number, number] } {
  const lanes = capabilities.software ? capabilities.subgroupSize || 8 : 256;
  // Above 32 steps Mesa leaves the loop rolled. Four long runs are the least that two cores share evenly enough; shorter
  // inputs take one step, which costs a launch a workgroup but no loop.
  const steps = capabilities.software && n >= lanes * 64 * 4 ? 64 : 1;
  return {
    defines: { LANES: lanes, STEPS: steps },
    workgroups: spread(Math.ceil(n / (lanes * steps)), capabilities.maxWorkgroupsPerDimension),
  };
}
