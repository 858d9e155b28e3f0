import type { Activation } from '../kernels/activation';
import { foldBatchNorm, frozenBatchNorm } from '../kernels/batch_norm';
import { conv2d, type Conv2dAttributes } from '../kernels/conv2d';
import { convTranspose2d } from '../kernels/conv_transpose2d';
import { binary, unary } from '../kernels/elementwise';
import { linear } from '../kernels/linear';
import type { Op } from '../kernels/op';
import type { Graph, Node, Tensor } from './graph';

/**
 * Rewrites the graph so that what follows a convolution is done in its last step: a frozen BatchNorm is folded into its
 * weights, an addition becomes its residual, a ReLU or sigmoid its activation (likewise for linear layers).
 *
 * The later node of a pair takes over the work of the earlier one, so that its output stays the tensor that others read;
 * the earlier one is then read by nobody and never runs.
 */
export function fuse(graph: Graph): void {
  const uses = countUses(graph);
  /** The node that makes the tensor, if it is of this op and nobody else reads it. */
  const soleProducer = (tensor: Tensor | null | undefined, op: Op<never>): Node | undefined => {
    if (tensor?.source.kind !== 'node' || uses.get(tensor.id) !== 1) {
      return undefined;
    }
    return tensor.source.node.op === op ? tensor.source.node : undefined;
  };

  const folded: FoldedWeights = new Map();
  for (const node of [...graph.nodes]) {
    if (isOp(node, frozenBatchNorm)) {
      const conv = soleProducer(node.inputs[0], conv2d);
      if (conv !== undefined && isPlainConv(conv)) {
        foldNorm(graph, conv, node, folded);
      }
    } else if (isOp(node, binary)) {
      fuseResidual(node, soleProducer);
    } else if (isOp(node, unary)) {
      fuseActivation(node, soleProducer);
    }
  }
}

function isOp(node: Node, op: unknown): boolean {
  return node.op === op;
}

function countUses(graph: Graph): Map<number, number> {
  const uses = new Map<number, number>();
  const use = (tensor: Tensor | null): void => {
    if (tensor !== null) {
      uses.set(tensor.id, (uses.get(tensor.id) ?? 0) + 1);
    }
  };
  graph.nodes.forEach((node) => node.inputs.forEach(use));
  graph.outputs.forEach(use);
  return uses;
}

/** Makes `node` do what `work` does, under its name, on other inputs and with other attributes. */
function become(node: Node, work: Node, inputs: (Tensor | null)[], attributes: unknown): void {
  node.op = work.op;
  node.scope = work.scope;
  node.inputs = inputs;
  node.attributes = attributes;
}

function convAttributes(conv: Node): Conv2dAttributes {
  return conv.attributes as Conv2dAttributes;
}

/** Neither a residual nor an activation yet. */
function isPlainConv(conv: Node): boolean {
  return convAttributes(conv).activation === 'none' && (conv.inputs[3] ?? null) === null;
}

/** Weight and bias by what they come from: layers that share their weights fold them once. */
type FoldedWeights = Map<string, Tensor[]>;

function foldNorm(graph: Graph, conv: Node, norm: Node, folded: FoldedWeights): void {
  const [x, weight, bias] = conv.inputs;
  const sources = [weight, bias ?? null, ...norm.inputs.slice(1)];
  const key = JSON.stringify([sources.map((source) => source?.id), norm.attributes]);
  const results =
    folded.get(key) ??
    graph.insertBefore(norm, () => graph.apply(foldBatchNorm, sources, norm.attributes as { eps: number }));
  folded.set(key, results);
  become(norm, conv, [x, ...results, null], conv.attributes);
}

type SoleProducer = (tensor: Tensor | null | undefined, op: Op<never>) => Node | undefined;

function fuseResidual(add: Node, soleProducer: SoleProducer): void {
  const { function: name, activation } = add.attributes as { function: string; activation: Activation };
  const [a, b] = add.inputs;
  const sameShape = a?.spec.shape.join() === b?.spec.shape.join() && a?.spec.layout === b?.spec.layout;
  if (name !== 'add' || !sameShape) {
    return;
  }
  for (const [sum, residual] of [
    [a, b],
    [b, a],
  ]) {
    const conv = soleProducer(sum, conv2d);
    if (conv !== undefined && isPlainConv(conv)) {
      const [x, weight, bias] = conv.inputs;
      become(add, conv, [x, weight, bias, residual], { ...convAttributes(conv), activation });
      return;
    }
  }
}

function fuseActivation(node: Node, soleProducer: SoleProducer): void {
  const { function: name } = node.attributes as { function: string };
  if (name !== 'relu' && name !== 'sigmoid') {
    return;
  }
  for (const op of [conv2d, convTranspose2d, linear]) {
    const producer = soleProducer(node.inputs[0], op);
    const attributes = producer?.attributes as { activation: Activation } | undefined;
    if (producer !== undefined && attributes?.activation === 'none') {
      become(node, producer, producer.inputs, { ...attributes, activation: name });
      return;
    }
  }
}
