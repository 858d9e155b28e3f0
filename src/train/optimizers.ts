import { InputError } from '../errors';
import type { Graph, Tensor } from '../graph/graph';
import { RANGE_ALIGNMENT, type ArenaLayout } from '../graph/states';
import { clipFactor } from '../kernels/optimizers/clip';
import { updateParameters } from '../kernels/optimizers/update';
import { dense } from '../kernels/tensor';
import { optimizerRule } from './optimizer_rules';
import type { OptimizerSettings } from './optimizer_settings';

/** Elements [first, end) of a chunk of the parameter arena; both multiples of 64, what lies between tensors included. */
export interface ElementRange {
  readonly chunk: number;
  readonly first: number;
  readonly end: number;
}

/** Parameters that are treated alike. Those of no group are not touched. */
export interface ParameterGroup {
  readonly ranges: readonly ElementRange[];
  /** The learning rate's factor; default 1. */
  readonly learningRateFactor?: number;
  /** Default: that of the settings. */
  readonly weightDecay?: number;
}

/**
 * By the Euclidean norm of all gradients (as torch.nn.utils.clip_grad_norm_) or by each element's magnitude; before weight
 * decay. Both above 0.
 */
export type GradientClipping = { readonly norm: number } | { readonly value: number };

export interface OptimizerStep {
  /** The norm [1] of the gradients before clipping, where they are clipped by norm. */
  readonly norm: Tensor | null;
}

/** Arenas that a step works on, by the names of their states (see StateStore.addArena). */
export const PARAMETERS = 'parameters';
export const GRADIENTS = 'gradients';

export interface Optimizer {
  /**
   * Arenas that the optimizer needs beside the parameters and gradients, all of one layout: names to add, zeroed, before
   * the first step, and to save with a checkpoint. With them, the parameters and the step's number a run goes on bit for bit.
   */
  readonly slots: readonly string[];
  /** The input that addStep() adds to the graph: what hyper() gives goes there in every run. */
  readonly hyperInput: string;
  /** Adds the update of the parameters, from the gradients that lie in their arena when it runs, to the end of the graph. */
  addStep(graph: Graph, clipping?: GradientClipping): OptimizerStep;
  /**
   * The scalars of one step, computed in f64.
   * @param step from 0: the steps done so far
   */
  hyper(step: number, learningRate: number): Float32Array<ArrayBuffer>;
}

const SCALARS = 4;

/**
 * An optimizer of torch.optim over the flat arenas: one dispatch for each range of each group.
 * @param layout of the arena of parameters, which those of the gradients and of the slots share
 * @throws InputError for settings out of range; RangeError for ranges that are none of the layout's, or that overlap
 */
export function createOptimizer(
  settings: OptimizerSettings,
  layout: ArenaLayout,
  groups: readonly ParameterGroup[],
): Optimizer {
  const rule = optimizerRule(settings);
  checkRanges(layout, groups);
  const factors = groups.map(({ learningRateFactor = 1 }) => learningRateFactor);
  const decays = groups.map(({ weightDecay = rule.weightDecay }) => weightDecay);
  if (settings.type === 'rprop' && decays.some((decay) => decay !== 0)) {
    throw new InputError('optimizer rprop has no weight decay: take weightDecay out, or choose another optimizer');
  }
  const slots = rule.slots.map((slot) => `optimizer/${slot}`);
  const hyperInput = 'hyper';
  return {
    slots,
    hyperInput,
    addStep(graph, clipping) {
      const chunk = (arena: string, i: number): Tensor => graph.state(`${arena}/${i}`, dense([layout.chunks[i]]));
      return graph.scope('optimizer', () => {
        const hyper = graph.input(hyperInput, dense([groups.length, SCALARS]));
        const gradients = layout.chunks.map((_, i) => chunk(GRADIENTS, i));
        const [norm, factor] =
          clipping !== undefined && 'norm' in clipping
            ? graph.apply(clipFactor, gradients, { largest: above0('norm', clipping.norm) })
            : [null, null];
        const clipValue = clipping !== undefined && 'value' in clipping ? above0('value', clipping.value) : null;
        groups.forEach(({ ranges }, group) => {
          for (const { chunk: i, first, end } of ranges) {
            const inputs = [chunk(PARAMETERS, i), gradients[i], hyper, factor, ...slots.map((slot) => chunk(slot, i))];
            graph.apply(updateParameters, inputs, {
              rule: { kernel: rule.kernel, defines: rule.defines, constants: rule.constants, slots: rule.slots },
              first,
              end,
              group,
              weightDecay: rule.decoupled === true ? 0 : decays[group],
              maximize: settings.maximize ?? false,
              clipValue,
            });
          }
        });
        return { norm };
      });
    },
    hyper(step, learningRate) {
      const values = new Float32Array(groups.length * SCALARS);
      groups.forEach((_, i) => {
        values.set(rule.scalars(step + 1, learningRate * factors[i], decays[i]), i * SCALARS);
      });
      return values;
    },
  };
}

/** The groups' ranges as one group: all chunks, whole. */
export function wholeArena(layout: ArenaLayout): ElementRange[] {
  return layout.chunks.map((length, chunk) => ({ chunk, first: 0, end: length }));
}

function above0(name: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InputError(`gradient clipping by ${name} is ${value} and must be above 0: leave it out for no clipping`);
  }
  return value;
}

function checkRanges(layout: ArenaLayout, groups: readonly ParameterGroup[]): void {
  const step = RANGE_ALIGNMENT / 4;
  const ranges = groups.flatMap((group) => group.ranges);
  ranges.sort((a, b) => a.chunk - b.chunk || a.first - b.first);
  ranges.forEach(({ chunk, first, end }, i) => {
    const name = `[${first}, ${end}) of chunk ${chunk}`;
    const length = layout.chunks[chunk] as number | undefined;
    if (length === undefined || !(first >= 0 && first < end && end <= length) || first % step || end % step) {
      throw new RangeError(`${name} is no range of the arena, from and to multiples of ${step} elements`);
    }
    if (i > 0 && ranges[i - 1].chunk === chunk && ranges[i - 1].end > first) {
      throw new RangeError(`${name} is in two groups`);
    }
  });
}
