import { median } from '../measure';
import type { Batches } from '../../graph/time_batches';
import { kindOf, type KernelCase, type Kind, type Occurrence } from './cases';
import { bandwidthOf, type Ceilings } from './probes';
import type { CaseWork } from './time_case';
import type { Phase } from './workloads';

/** A case as it was measured. Times are milliseconds of one repetition. */
export interface CaseFigures extends CaseWork {
  readonly op: string;
  readonly kind: Kind;
  readonly attributes: unknown;
  /** Shapes of inputs (null: none) and outputs. */
  readonly inputs: readonly (readonly number[] | null)[];
  readonly outputs: readonly (readonly number[])[];
  readonly repeats: number;
  /** Of each batch. */
  readonly runsMs: readonly number[];
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Null where its kernels state no arithmetic. */
  readonly gflops: number | null;
  readonly gigabytesPerSecond: number;
  /**
   * What the device's ceilings leave it to take at least, over its median: max(flops / peak, bytes / bandwidth) / time
   * (Williams et al., "Roofline", 2009). Above 1 where a variant needs less arithmetic, a
   * cache spares memory, or not all of the inputs are read.
   */
  readonly ceilingShare: number;
}

/** A case in one phase of a model. */
export interface Row {
  readonly figures: CaseFigures;
  /** The places of its nodes in the model, in order. */
  readonly layers: readonly string[];
  /** Of all of them, by the median. */
  readonly totalMs: number;
}

export interface PhaseFigures {
  readonly model: string;
  readonly title: string;
  readonly phase: Phase;
  /** By falling total time. */
  readonly rows: readonly Row[];
}

export function figuresOf(
  { node }: KernelCase,
  work: CaseWork,
  { repeats, milliseconds }: Batches,
  ceilings: Ceilings,
): CaseFigures {
  const medianMs = median(milliseconds);
  const perSecond = (amount: number): number => amount / medianMs / 1e6;
  const leastMs = Math.max(work.flops / ceilings.gflops, work.bytes / bandwidthOf(ceilings)) / 1e6;
  return {
    ...work,
    op: node.op.name,
    kind: kindOf(node.op.name),
    attributes: node.attributes,
    inputs: node.inputs.map((input) => input?.spec.shape ?? null),
    outputs: node.outputs.map(({ spec }) => spec.shape),
    repeats,
    runsMs: milliseconds,
    medianMs,
    minMs: Math.min(...milliseconds),
    maxMs: Math.max(...milliseconds),
    gflops: work.flops > 0 ? perSecond(work.flops) : null,
    gigabytesPerSecond: perSecond(work.bytes),
    ceilingShare: leastMs / medianMs,
  };
}

export function rowOf({ layers }: Occurrence, figures: CaseFigures): Row {
  return { figures, layers, totalMs: figures.medianMs * layers.length };
}

/** What kernels of a kind move in a second, each as often as the models meet it; null where there are none. */
export function meanBandwidth(phases: readonly PhaseFigures[], kind: Kind): number | null {
  const rows = phases.flatMap((phase) => phase.rows).filter(({ figures }) => figures.kind === kind);
  const milliseconds = rows.reduce((sum, { totalMs }) => sum + totalMs, 0);
  const bytes = rows.reduce((sum, { figures, layers }) => sum + figures.bytes * layers.length, 0);
  return rows.length === 0 ? null : bytes / milliseconds / 1e6;
}
