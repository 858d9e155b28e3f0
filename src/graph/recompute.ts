import type { Graph, Node, Tensor } from './graph';

/**
 * Lets the backward pass compute stages of the forward pass again, so that what lies within a stage need not outlive the
 * forward pass: only what other nodes read of it stays (checkpointing; Chen et al., "Training Deep Nets with Sublinear
 * Memory Cost", 2016). Each stage's nodes are repeated right before the first node of the backward pass that needs them.
 * They are the same calls on the same values: results keep their bits.
 *
 * Never repeated are nodes that overwrite a state, or read one that is overwritten meanwhile, and those that depend on
 * parameters alone; counts of items stay as well.
 *
 * @param graph fused and differentiated
 * @param forwardNodes how many of its nodes, the first ones, are the forward pass: what there were before differentiating
 * @param stageOf the stage that a node belongs to by its scope, or null for what is kept; nodes of one stage that follow
 *   each other without others between are repeated together
 */
export function recomputeStages(graph: Graph, forwardNodes: number, stageOf: (scope: string) => string | null): void {
  const forward = graph.nodes.slice(0, forwardNodes);
  const backward = graph.nodes.slice(forwardNodes);
  const runs = consecutive(forward, ({ scope }) => stageOf(scope));
  const runOf = new Map(runs.flatMap((nodes, i) => nodes.map((node) => [node, i] as const)));
  const lastReader = backward.findLastIndex(({ inputs }) =>
    inputs.some((input) => input?.source.kind === 'node' && runOf.has(input.source.node)),
  );
  const repeatable = repeatableNodes(graph, forward, backward.slice(0, lastReader + 1));
  const kept = keptTensors(graph, forward, runOf);

  /** The repeated tensor of each that is not kept. */
  const repeated = new Map<number, Tensor>();
  for (const run of runs) {
    const nodes = run.filter((node) => repeatable.has(node));
    const internal = new Set(nodes.flatMap(({ outputs }) => outputs.map(({ id }) => id)).filter((id) => !kept.has(id)));
    const reader = backward.find(({ inputs }) => inputs.some((input) => input !== null && internal.has(input.id)));
    if (reader !== undefined) {
      graph.insertBefore(reader, () => {
        // all of them, so that each tensor has as many readers as before; nodes that nobody needs never run
        nodes.forEach((node) => repeatNode(graph, node, internal, repeated));
      });
    }
  }
  for (const node of backward) {
    node.inputs = node.inputs.map((input) => replaced(input, repeated));
  }
}

function repeatNode(
  graph: Graph,
  { op, scope, inputs, attributes, outputs }: Node,
  internal: ReadonlySet<number>,
  repeated: Map<number, Tensor>,
): void {
  const again = graph.apply(
    op,
    inputs.map((input) => replaced(input, repeated)),
    attributes,
  );
  again.forEach((tensor, i) => {
    if (tensor.source.kind === 'node') {
      tensor.source.node.scope = scope;
    }
    if (internal.has(outputs[i].id)) {
      repeated.set(outputs[i].id, tensor);
    }
  });
}

/** The same view of the repeated tensor. */
function replaced(tensor: Tensor | null, repeated: ReadonlyMap<number, Tensor>): Tensor | null {
  const again = tensor === null ? undefined : repeated.get(tensor.id);
  return tensor === null || again === undefined ? tensor : { ...tensor, id: again.id, source: again.source };
}

/** Lists of adjacent nodes with one key; nodes with the key null are in none. */
function consecutive(nodes: readonly Node[], keyOf: (node: Node) => string | null): Node[][] {
  const runs: Node[][] = [];
  let last: string | null = null;
  for (const node of nodes) {
    const key = keyOf(node);
    if (key !== null && key === last) {
      runs[runs.length - 1].push(node);
    } else if (key !== null) {
      runs.push([node]);
    }
    last = key;
  }
  return runs;
}

/** The nodes that depend on an input of the graph, and give the same values if they run again before the last of `later`. */
function repeatableNodes(graph: Graph, forward: readonly Node[], later: readonly Node[]): Set<Node> {
  const overwritten = new Set(
    [...forward, ...later].flatMap(({ op, inputs }) => (op.updates ?? []).flatMap((i) => inputs[i]?.id ?? [])),
  );
  const changing = new Set([...graph.inputs.values()].map(({ id }) => id));
  const repeatable = new Set<Node>();
  for (const node of forward) {
    if (node.inputs.some((input) => input !== null && changing.has(input.id))) {
      node.outputs.forEach(({ id }) => changing.add(id));
      const isStable = node.inputs.every((input) => input === null || !overwritten.has(input.id));
      if (node.op.updates === undefined && isStable) {
        repeatable.add(node);
      }
    }
  }
  return repeatable;
}

/** Tensors that must stay: outputs, counts, and what the forward pass reads outside of the stage that made it. */
function keptTensors(graph: Graph, forward: readonly Node[], runOf: ReadonlyMap<Node, number>): Set<number> {
  const kept = new Set([...graph.outputs.values()].map(({ id }) => id));
  const keepCount = (tensor: Tensor | null): void => {
    if (tensor?.count !== undefined) {
      kept.add(tensor.count.id);
    }
  };
  for (const { inputs, outputs } of graph.nodes) {
    [...inputs, ...outputs].forEach(keepCount);
  }
  for (const node of forward) {
    for (const input of node.inputs) {
      if (input?.source.kind === 'node' && runOf.get(input.source.node) !== runOf.get(node)) {
        kept.add(input.id);
      }
    }
  }
  return kept;
}
