import { binary } from '../kernels/elementwise';
import { fill } from '../kernels/fill';
import { ShapeError, type Application, type GradientBuilder } from '../kernels/op';
import type { TensorSpec } from '../kernels/tensor';
import type { Graph, Node, Tensor } from './graph';

/**
 * Adds the nodes that compute the derivative of `loss` by each of `targets`: the graph's nodes in reverse, each by its
 * op's own backward (reverse accumulation; Griewank and Walther, "Evaluating Derivatives", 2008, chapter 3).
 * Fuse the graph before, not after: what follows a convolution in its last step needs no memory of its own then.
 *
 * @param loss f32 of one element
 * @param targets tensors of f32, such as the parameters to train
 * @returns the gradients, each of its target's shape and layout
 * @throws ShapeError where the loss does not depend on a target, or an op between the two has no backward
 */
export function differentiate(graph: Graph, loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.spec.dtype !== 'f32' || loss.spec.shape.some((size) => size !== 1)) {
    throw new ShapeError(`the loss is ${loss.spec.dtype} [${loss.spec.shape.join(', ')}], one f32 is needed`);
  }
  return backpropagate(
    graph,
    [[loss, graph.apply1(fill, [], { shape: loss.spec.shape, layout: 'dense', value: 1 })]],
    targets,
  );
}

/**
 * The sum over `outputs` of the product of the derivative of each by the targets with its weight, a tensor of its shape
 * and layout (the vector-Jacobian product). Otherwise as differentiate().
 */
export function backpropagate(
  graph: Graph,
  outputs: readonly (readonly [output: Tensor, weight: Tensor])[],
  targets: readonly Tensor[],
): Tensor[] {
  const differentiable = new Set(targets.map(({ id }) => id));
  const flowsTo = (input: Tensor | null): boolean =>
    input !== null && input.detached !== true && input.spec.dtype === 'f32' && differentiable.has(input.id);
  const path = graph.nodes.filter((node) => {
    const constants = node.op.constants ?? [];
    const depends = node.inputs.some((input, i) => flowsTo(input) && !constants.includes(i));
    if (depends) {
      node.outputs.filter(({ spec }) => spec.dtype === 'f32').forEach(({ id }) => differentiable.add(id));
    }
    return depends;
  });

  const gradients = new Gradients(graph);
  outputs.forEach(([output, weight]) => gradients.add(output, weight));
  for (const node of path.reverse()) {
    const given = node.outputs.map((output) => gradients.of(output));
    if (given.some((gradient) => gradient !== undefined)) {
      graph.scope(node.scope, () => differentiateNode(graph, node, given, flowsTo, gradients));
    }
  }
  return targets.map((target) => {
    const gradient = gradients.of(target);
    if (gradient === undefined) {
      throw new ShapeError(`the loss does not depend on ${nameOf(target)}`);
    }
    return gradient;
  });
}

function differentiateNode(
  graph: Graph,
  { op, scope, inputs, outputs, attributes }: Node,
  given: readonly (Tensor | undefined)[],
  flowsTo: (input: Tensor | null) => boolean,
  gradients: Gradients,
): void {
  if (op.backward === undefined) {
    throw new ShapeError(
      `${scope}: ${op.name} has no backward, and lies between the loss and a parameter: detach its inputs or its outputs`,
    );
  }
  const build: GradientBuilder<Tensor> = {
    apply: (inner, values, constants) => graph.apply(inner, values, constants),
    apply1: (inner, values, constants) => graph.apply1(inner, values, constants),
    view: (value, shape) => graph.view(value, shape),
  };
  const wanted = inputs.map((input, i) => flowsTo(input) && op.constants?.includes(i) !== true);
  const application: Application<Tensor, unknown> = {
    inputs,
    outputs,
    gradients: given.map((gradient) => gradient ?? null),
    attributes,
    wanted,
  };
  const results = op.backward(build, application);
  inputs.forEach((input, i) => {
    if (input === null || !wanted[i]) {
      return;
    }
    const gradient = results[i] ?? null;
    if (gradient === null) {
      throw new ShapeError(`${scope}: the backward of ${op.name} gives no gradient for input ${i}`);
    }
    if (!sameMemory(gradient.spec, input.spec)) {
      const [is, needed] = [gradient.spec, input.spec].map((spec) => `${spec.layout} [${spec.shape.join(', ')}]`);
      throw new ShapeError(`${scope}: the backward of ${op.name} gives ${is} for input ${i}, which is ${needed}`);
    }
    gradients.add(input, gradient);
  });
}

/** The derivatives by the tensors met so far; a tensor that several nodes read has the sum of what they give. */
class Gradients {
  private readonly byId = new Map<number, Tensor>();

  constructor(private readonly graph: Graph) {}

  /**
   * In the shape that the tensor is asked for in, for a view has its tensor's id; and with the tensor's count: what lies
   * past the items in use is as undefined as there.
   */
  of(tensor: Tensor): Tensor | undefined {
    const gradient = this.byId.get(tensor.id);
    if (gradient === undefined) {
      return undefined;
    }
    const { count: _, ...whole } = this.reshaped(gradient, tensor.spec);
    return tensor.count === undefined ? whole : { ...whole, count: tensor.count };
  }

  add(tensor: Tensor, gradient: Tensor): void {
    const sum = this.byId.get(tensor.id);
    if (sum === undefined) {
      this.byId.set(tensor.id, gradient);
      return;
    }
    const addend = this.reshaped(gradient, sum.spec);
    this.byId.set(tensor.id, this.graph.apply1(binary, [sum, addend], { function: 'add', activation: 'none' }));
  }

  private reshaped(gradient: Tensor, { shape }: TensorSpec): Tensor {
    return gradient.spec.shape.join() === shape.join() ? gradient : this.graph.view(gradient, shape);
  }
}

function sameMemory(a: TensorSpec, b: TensorSpec): boolean {
  return a.dtype === b.dtype && a.layout === b.layout && a.shape.join() === b.shape.join();
}

function nameOf({ source, spec }: Tensor): string {
  return source.kind === 'node'
    ? `the output [${spec.shape.join(', ')}] of ${source.node.op.name} ${source.node.scope}`
    : `the ${source.kind} ${source.name}`;
}
