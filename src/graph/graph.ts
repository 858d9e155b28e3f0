import { ShapeError, type Op } from '../kernels/op';
import type { TensorSpec } from '../kernels/tensor';
import { dense, product } from '../kernels/tensor';

/** A value of the graph: a shape now, memory once the graph is compiled. */
export interface Tensor {
  readonly id: number;
  readonly spec: TensorSpec;
  readonly source: Source;
  /** How many items of the first axis are in use: a u32 tensor of shape [1]. Absent where all are. */
  readonly count?: Tensor;
  /** No gradient flows back through this value. */
  readonly detached?: boolean;
}

export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'state'; readonly name: string }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

/** One op applied to tensors. Attributes are JSON values. */
export interface Node {
  op: Op<unknown>;
  /** Where in the model it stands, for profiles and errors: `backbone.body.layer1.0.conv1`. */
  scope: string;
  inputs: (Tensor | null)[];
  attributes: unknown;
  readonly outputs: Tensor[];
}

/**
 * A static graph: nodes in the order they were added, which is an order they can run in. Models build one for each input
 * shape; shapes are checked as they do.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Tensor>();
  readonly parameters = new Map<string, Tensor>();
  readonly outputs = new Map<string, Tensor>();
  readonly states = new Map<string, Tensor>();
  private nextId = 0;
  private readonly scopes: string[] = [];

  /** @param variables names of parameters that change from run to run: they are states, not constants */
  constructor(private readonly variables: ReadonlySet<string> = new Set()) {}

  /** A tensor that the caller fills before each run. */
  input(name: string, spec: TensorSpec): Tensor {
    return this.named(this.inputs, name, () => this.tensor(spec, { kind: 'input', name }));
  }

  /** A dense f32 tensor of the checkpoint, under its name there. Asking twice gives the same tensor. */
  parameter(name: string, shape: readonly number[]): Tensor {
    if (this.variables.has(name)) {
      return this.state(name, dense(shape));
    }
    const known = this.parameters.get(name);
    if (known !== undefined) {
      if (known.spec.shape.join() !== shape.join()) {
        throw new ShapeError(`parameter ${name} is used as [${known.spec.shape.join()}] and as [${shape.join()}]`);
      }
      return known;
    }
    return this.named(this.parameters, name, () => this.tensor(dense(shape), { kind: 'parameter', name }));
  }

  /** A tensor that outlives the runs, and that ops may overwrite. Asking twice gives the same tensor. */
  state(name: string, spec: TensorSpec): Tensor {
    const known = this.states.get(name);
    if (known !== undefined) {
      if (known.spec.shape.join() !== spec.shape.join() || known.spec.dtype !== spec.dtype) {
        throw new ShapeError(`state ${name} is used as [${known.spec.shape.join()}] and as [${spec.shape.join()}]`);
      }
      return known;
    }
    return this.named(this.states, name, () => this.tensor(spec, { kind: 'state', name }));
  }

  /** Applies an op and returns its outputs. @throws ShapeError, naming the place, where the inputs do not fit */
  apply<A>(op: Op<A>, inputs: readonly (Tensor | null)[], attributes: A): Tensor[] {
    const scope = this.scopes.join('.');
    let specs: TensorSpec[];
    try {
      specs = op.infer(
        inputs.map((input) => input?.spec ?? null),
        attributes,
      );
    } catch (error) {
      throw error instanceof ShapeError ? new ShapeError(`${scope}: ${error.message}`) : error;
    }
    op.updates?.forEach((i) => {
      if (inputs[i] && inputs[i].source.kind !== 'state') {
        throw new ShapeError(`${scope}: ${op.name} overwrites input ${i}, which is no state`);
      }
    });
    const count = op.itemwise ? inputs[0]?.count : undefined;
    const node: Node = { op: op, scope, inputs: [...inputs], attributes, outputs: [] };
    node.outputs.push(...specs.map((spec, index) => this.tensor(spec, { kind: 'node', node, index }, count)));
    this.nodes.push(node);
    return node.outputs;
  }

  /** apply() for an op with one output. */
  apply1<A>(op: Op<A>, inputs: readonly (Tensor | null)[], attributes: A): Tensor {
    return this.apply(op, inputs, attributes)[0];
  }

  /** The same values with a count of the items in use. */
  withCount(tensor: Tensor, count: Tensor): Tensor {
    return { ...tensor, count };
  }

  /** The same memory under another shape of as many elements; dense tensors only. */
  view(tensor: Tensor, shape: readonly number[]): Tensor {
    if (tensor.spec.layout !== 'dense' || product(shape) !== product(tensor.spec.shape)) {
      throw new ShapeError(`a view of [${tensor.spec.shape.join(', ')}] as [${shape.join(', ')}] is not possible`);
    }
    const { count: _, ...rest } = tensor;
    return { ...rest, spec: { ...tensor.spec, shape } };
  }

  /** The same value, through which no gradient flows back. */
  detach(tensor: Tensor): Tensor {
    return { ...tensor, detached: true };
  }

  output(name: string, tensor: Tensor): void {
    this.named(this.outputs, name, () => tensor);
  }

  /** Runs `build`, and puts the nodes that it adds before `node` and into its scope. */
  insertBefore<T>(node: Node, build: () => T): T {
    const end = this.nodes.length;
    const result = this.scope(node.scope, build);
    const added = this.nodes.splice(end);
    this.nodes.splice(this.nodes.indexOf(node), 0, ...added);
    return result;
  }

  /** Runs `build` with `name` added to the scope of the nodes it makes. */
  scope<T>(name: string, build: () => T): T {
    this.scopes.push(name);
    try {
      return build();
    } finally {
      this.scopes.pop();
    }
  }

  private tensor(spec: TensorSpec, source: Source, count?: Tensor): Tensor {
    return { id: this.nextId++, spec, source, ...(count === undefined ? {} : { count }) };
  }

  private named(map: Map<string, Tensor>, name: string, make: () => Tensor): Tensor {
    if (map.has(name)) {
      throw new ShapeError(`the graph has two tensors named ${name}`);
    }
    const tensor = make();
    map.set(name, tensor);
    return tensor;
  }
}
