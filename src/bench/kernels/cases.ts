import type { Node } from '../../graph/graph';
import { isConstant } from '../../graph/tuning';
import type { Scene } from './values';
import type { Phase, Workload, WorkloadNodes } from './workloads';

/** A node that stands for all nodes of the same op, shapes and attributes. */
export interface KernelCase {
  readonly node: Node;
  /** What its values are made for: the scene of the first of these nodes. */
  readonly scene: Scene;
}

/** How often a case occurs in a phase of a model. */
export interface Occurrence {
  readonly case: KernelCase;
  /** The places of its nodes in the model. */
  readonly layers: readonly string[];
}

export interface PhaseCases {
  readonly workload: Workload;
  readonly phase: Phase;
  /** In the order in which a run meets them. */
  readonly occurrences: readonly Occurrence[];
}

/**
 * The distinct cases of phases of models: one for each op, with the shapes of its inputs, whether they are constant, and its
 * attributes. What several phases share is one case: a layer's weights are constant in inference and where training leaves
 * them as they are; where they train they change with each step, and so packing them is part of the case. (Nodes of a step
 * that pack the same weights in the same way share it; each case bears it.) Left out is what no run repeats: nodes of
 * constants alone.
 */
export function kernelCases(phases: readonly WorkloadNodes[]): PhaseCases[] {
  const known = new Map<string, KernelCase>();
  return phases.map(({ workload, phase, nodes, scene }) => {
    const layers = new Map<KernelCase, string[]>();
    for (const node of nodes.filter((one) => !isComputedOnce(one))) {
      const key = signature(node);
      const one = known.get(key) ?? { node, scene };
      known.set(key, one);
      layers.set(one, [...(layers.get(one) ?? []), node.scope]);
    }
    return { workload, phase, occurrences: [...layers].map(([one, scopes]) => ({ case: one, layers: scopes })) };
  });
}

/** Parameters that train are states, so that in training only what has no inputs is left out. */
function isComputedOnce({ inputs }: Node): boolean {
  return inputs.every((input) => input === null || isConstant(input));
}

function signature({ op, inputs, outputs, attributes }: Node): string {
  const ids = [...new Set(inputs.map((input) => input?.id))];
  const operands = inputs.map((input) =>
    input === null
      ? null
      : [
          input.spec,
          isConstant(input),
          op.updates === undefined ? '' : input.source.kind,
          input.count !== undefined,
          ids.indexOf(input.id),
        ],
  );
  return JSON.stringify([op.name, attributes, operands, outputs.map(({ spec }) => spec)]);
}

/** What a case is about, for colours and summaries. */
export const KINDS = [
  'convolution',
  'weight gradient',
  'linear',
  'element-wise and copies',
  'pooling, resize, RoIAlign',
  'lists, boxes, masks',
  'losses, reductions',
] as const;
export type Kind = (typeof KINDS)[number];

const KIND_OF_OP: readonly (readonly [RegExp, Kind])[] = [
  [/WeightGradient$/, 'weight gradient'],
  [/^(conv|classMasks)/, 'convolution'],
  [/^(linear|matmul)/, 'linear'],
  [/pool|resize|upsample|roiAlign|warpImage|preprocess/i, 'pooling, resize, RoIAlign'],
  [/loss|meanOverImages|sumColumns|clipFactor|softmax/i, 'losses, reductions'],
  [/^(unary|binary|accumulate|updateParameters|concat|slice|reshape|foldBatchNorm|fill)/, 'element-wise and copies'],
];

export function kindOf(opName: string): Kind {
  return KIND_OF_OP.find(([pattern]) => pattern.test(opName))?.[1] ?? 'lists, boxes, masks';
}
