import type { Capabilities } from '../gpu/capabilities';
import type { Lowering, Operand, OpKernelCall } from '../kernels/op';
import type { Precision } from '../kernels/precision';
import type { TensorSpec } from '../kernels/tensor';
import type { Graph, Node, Tensor } from './graph';

/** Variants by the op's name, such as `{ conv2d: 'plain' }`; other ops choose for themselves. */
export type Variants = Readonly<Record<string, string>>;

export interface LoweredCall {
  readonly op: string;
  /** The call's node has a count on the GPU: it does at most the work that its call states. */
  readonly counted: boolean;
  readonly call: OpKernelCall;
}

/** A graph as dispatches over operands: first what is computed once from constants, then what every run repeats. */
export interface LoweredGraph {
  readonly constantCalls: readonly LoweredCall[];
  readonly calls: readonly LoweredCall[];
  /** The operand of each tensor that is an input or an output of the graph. */
  operandOf(tensor: Tensor): Operand;
}

/**
 * Records every node that the outputs need or that overwrites a state. A node whose inputs are constant is constant itself: it is recorded among
 * the constants, and only if a dispatch needs it and `isKnown` does not say that its value is there already.
 */
export function lowerGraph(
  graph: Graph,
  capabilities: Capabilities,
  variantOf: (node: Node) => string | undefined,
  isKnown: (constantKey: string) => boolean,
  precision: Precision = 'f32',
): LoweredGraph {
  const lowering = new GraphLowering(capabilities, precision, variantOf);
  for (const node of neededNodes(graph)) {
    lowering.add(node);
  }
  const outputs = [...graph.outputs.values()].map((tensor) => lowering.operandOf(tensor));
  return {
    constantCalls: lowering.constantsFor(outputs, isKnown),
    calls: lowering.calls,
    operandOf: (tensor) => lowering.operandOf(tensor),
  };
}

class GraphLowering {
  readonly calls: LoweredCall[] = [];
  private readonly operands = new Map<number, Operand>();
  /** How to compute each constant, by its key. */
  private readonly recipes = new Map<string, () => LoweredCall[]>();
  /** What was derived from values that change from run to run, by source and name, until a state is overwritten. */
  private readonly derived = new Map<string, Operand>();
  private nextId = 0;

  constructor(
    private readonly capabilities: Capabilities,
    private readonly precision: Precision,
    private readonly variantOf: (node: Node) => string | undefined,
  ) {}

  operandOf(tensor: Tensor): Operand {
    let operand = this.operands.get(tensor.id);
    if (operand === undefined) {
      const constantKey = tensor.source.kind === 'parameter' ? tensor.source.name : undefined;
      operand = this.operand(tensor.spec, constantKey);
      this.operands.set(tensor.id, operand);
    }
    // a view has its tensor's id, and a shape of its own
    const { spec, count } = tensor;
    return count === undefined ? { ...operand, spec } : { ...operand, spec, count: this.operandOf(count) };
  }

  add(node: Node): void {
    const inputs = node.inputs.map((input) => (input === null ? null : this.operandOf(input)));
    if (inputs.some((input) => input !== null && input.constantKey === undefined)) {
      const outputs = node.outputs.map((tensor) => this.operandOf(tensor));
      node.op.forward(this.context(node, this.calls), inputs, outputs, node.attributes);
      if (node.op.updates !== undefined) {
        this.derived.clear();
      }
      return;
    }
    const key = [node.op.name, JSON.stringify(node.attributes), ...inputs.map((i) => i?.constantKey ?? '')].join(';');
    const outputs = node.outputs.map((tensor, index) => {
      const operand = this.operand(tensor.spec, `${key}#${index}`);
      this.operands.set(tensor.id, operand);
      return operand;
    });
    const recipe = (): LoweredCall[] => {
      const calls: LoweredCall[] = [];
      node.op.forward(this.context(node, calls), inputs, outputs, node.attributes);
      return calls;
    };
    outputs.forEach(({ constantKey }) => this.recipes.set(constantKey ?? '', recipe));
  }

  /** The calls that compute every constant in use whose value is not known yet, each after those it needs. */
  constantsFor(outputs: readonly Operand[], isKnown: (key: string) => boolean): LoweredCall[] {
    const ordered: LoweredCall[] = [];
    const done = new Set<() => LoweredCall[]>();
    const visit = (key: string | undefined): void => {
      const recipe = key === undefined || isKnown(key) ? undefined : this.recipes.get(key);
      if (recipe !== undefined && !done.has(recipe)) {
        done.add(recipe);
        const calls = recipe();
        calls.flatMap(({ call }) => operandsOf(call)).forEach((operand) => visit(operand.constantKey));
        ordered.push(...calls);
      }
    };
    const used = this.calls.flatMap(({ call }) => operandsOf(call));
    [...used, ...outputs].forEach((operand) => visit(operand.constantKey));
    return ordered;
  }

  private operand(spec: TensorSpec, constantKey?: string): Operand {
    const id = this.nextId++;
    return constantKey === undefined ? { id, spec } : { id, spec, constantKey };
  }

  private context(node: Node, calls: LoweredCall[]): Lowering {
    const op = node.scope === '' ? node.op.name : `${node.op.name} ${node.scope}`;
    const counted = node.inputs.some((input) => input?.count !== undefined);
    return {
      capabilities: this.capabilities,
      precision: this.precision,
      variant: this.variantOf(node),
      dispatch: (call) => void calls.push({ op, counted, call }),
      scratch: (spec) => this.operand(spec),
      derived: (source, name, spec, record) => {
        if (source.constantKey === undefined) {
          const place = `${source.id}|${name}`;
          const known = this.derived.get(place);
          const target = known ?? this.operand(spec);
          if (known === undefined) {
            this.derived.set(place, target);
            record(this.context(node, calls), target);
          }
          return target;
        }
        const key = `${source.constantKey}|${name}`;
        const target = this.operand(spec, key);
        if (!this.recipes.has(key)) {
          this.recipes.set(key, () => {
            const inner: LoweredCall[] = [];
            record(this.context(node, inner), target);
            return inner;
          });
        }
        return target;
      },
    };
  }
}

/** The nodes that the graph's outputs depend on and those that overwrite states, in order: what a run has to do. */
export function neededNodes(graph: Graph): Node[] {
  const updates = graph.nodes.filter(({ op }) => op.updates !== undefined);
  const read = updates.flatMap(({ inputs }) => inputs.filter((input) => input !== null));
  const needed = new Set([...updates, ...nodesBehind([...graph.outputs.values(), ...read])]);
  return graph.nodes.filter((node) => needed.has(node));
}

/** The nodes that tensors depend on, their counts included. */
export function nodesBehind(tensors: readonly Tensor[]): Set<Node> {
  const found = new Set<Node>();
  const pending = [...tensors];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (tensor.count !== undefined) {
      pending.push(tensor.count);
    }
    if (tensor.source.kind === 'node' && !found.has(tensor.source.node)) {
      const { node } = tensor.source;
      found.add(node);
      pending.push(...node.inputs.filter((input) => input !== null));
    }
  }
  return found;
}

export function operandsOf(call: OpKernelCall): Operand[] {
  return Object.values(call.bindings).map((use) => use.target);
}
