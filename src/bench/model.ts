import type { GpuDevice } from '../gpu/device';
import type { VariantChooser } from '../graph/tuning';
import type { HostTensor } from '../io/checkpoint';
import type { Contestant, ModelResult } from './measure';

/** What a run of a model is: one image from its upload to its results, or one step of training on a batch. */
export type Task = 'inference' | 'training';

/** A model of `engine bench model`: ours, and what a peer needs to do the same work. */
export interface BenchModel {
  /** What `--only` and the peers' programs call it. */
  readonly id: string;
  readonly title: string;
  readonly task: Task;
  /** Ours, loaded on a device, by the variants that the tuner chooses. */
  load(gpu: GpuDevice, tuner?: VariantChooser): Contestant | Promise<Contestant>;
  /** A checkpoint that all sides load; null for weights by formula (see formulaWeights). */
  readonly weights: string | null;
  /** What a peer computes on, by name, in PyTorch's order of axes. */
  peerInputs(): Map<string, HostTensor>;
  /** The outputs of a peer that are compared with ours; they are named alike. */
  readonly peerOutputs: readonly string[];
  compare(ours: ModelResult, theirs: ModelResult): string;
}

/** What reports call our side. */
export const OURS = 'mask-engine';
