import { dense, type TensorSpec } from '../kernels/tensor';
import { Graph, type Node, type Tensor } from './graph';
import { isConstant } from './tuning';

/** What has to be given to a node that stands in a graph alone. */
export interface LoneOperand {
  /** Of the graph's parameter, input or state. */
  readonly name: string;
  readonly kind: 'parameter' | 'input' | 'state' | 'count';
  /** Which of the node's inputs it is, or whose count. */
  readonly input: number;
  readonly spec: TensorSpec;
}

export interface LoneNode {
  readonly graph: Graph;
  readonly node: Node;
  readonly operands: readonly LoneOperand[];
}

/**
 * A graph of one node alone: constants are parameters, what the op overwrites is a state, everything else an input. A node
 * of nothing but constants has inputs in their place, for else there would be nothing to run.
 */
export function aloneInGraph({ op, inputs, attributes }: Node): LoneNode {
  const graph = new Graph();
  const operands: LoneOperand[] = [];
  const isParameter = (tensor: Tensor): boolean =>
    tensor.spec.layout === 'dense' && tensor.spec.dtype === 'f32' && isConstant(tensor);
  const runs = op.updates !== undefined || inputs.some((input) => input !== null && !isParameter(input));
  /** Tensors and counts that several of the node's inputs share, by id and shape. */
  const known = new Map<string, Tensor>();
  const once = (tensor: Tensor, operand: Omit<LoneOperand, 'spec'>, make: () => Tensor): Tensor => {
    const key = `${tensor.id} ${tensor.spec.shape.join()}`;
    const made = known.get(key) ?? make();
    if (!known.has(key)) {
      operands.push({ ...operand, spec: tensor.spec });
    }
    known.set(key, made);
    return made;
  };
  const alone = inputs.map((tensor, input): Tensor | null => {
    if (tensor === null) {
      return null;
    }
    const { spec, count } = tensor;
    const name = `input${input}`;
    const kind = op.updates?.includes(input) ? 'state' : runs && isParameter(tensor) ? 'parameter' : 'input';
    const value = once(tensor, { name, kind, input }, () =>
      kind === 'parameter' ? graph.parameter(name, spec.shape) : graph[kind](name, spec),
    );
    if (count === undefined) {
      return value;
    }
    const inUse = `count${input}`;
    return graph.withCount(
      value,
      once(count, { name: inUse, kind: 'count', input }, () => graph.input(inUse, dense([1], 'u32'))),
    );
  });
  graph.apply(op, alone, attributes).forEach((output, i) => {
    graph.output(`output${i}`, output);
  });
  return { graph, node: graph.nodes[0], operands };
}
