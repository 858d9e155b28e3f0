import { InputError } from '../errors';
import type { Graph } from '../graph/graph';
import type { ArenaLayout } from '../graph/states';
import { moveAverage } from '../kernels/optimizers/moving_average';
import { dense } from '../kernels/tensor';
import { PARAMETERS } from './optimizers';

/** The arena of averaged parameters: one more of the parameters' layout, to be saved with a checkpoint. */
export const AVERAGE = 'ema';

/** Input f32 [1] that takes averageWeight() in every run. */
export const AVERAGE_WEIGHT = 'average weight';

export interface AverageSettings {
  /** How much of the average stays in an update, from 0 to below 1. */
  readonly decay: number;
  /** Steps from one update to the next; default 1. */
  readonly every?: number;
  /**
   * Lets the decay rise from 0.1 in the first updates, min(decay, (1 + n) / (10 + n)) after n of them, so that an average
   * does not remember the beginning (as in TensorFlow's ExponentialMovingAverage). Default: no.
   */
  readonly warmUp?: boolean;
}

/**
 * Adds the update of the moving average of the parameters; it goes after that of the parameters.
 * @returns the name of its input, AVERAGE_WEIGHT
 */
export function addAverage(graph: Graph, layout: ArenaLayout): string {
  graph.scope('average', () => {
    const weight = graph.input(AVERAGE_WEIGHT, dense([1]));
    layout.chunks.forEach((length, i) => {
      const states = [AVERAGE, PARAMETERS].map((arena) => graph.state(`${arena}/${i}`, dense([length])));
      graph.apply(moveAverage, [...states, weight], {});
    });
  });
  return AVERAGE_WEIGHT;
}

/**
 * The weight of the new parameters in the average, 1 - decay; 1 in the first update, which takes the parameters over (as
 * torch.optim.swa_utils.AveragedModel), and 0 in steps without one.
 * @param step from 0
 * @throws InputError for settings out of range
 */
export function averageWeight({ decay, every = 1, warmUp = false }: AverageSettings, step: number): number {
  if (!(decay >= 0 && decay < 1)) {
    throw new InputError(`ema.decay is ${decay} and must be from 0 to below 1`);
  }
  if (!(Number.isInteger(every) && every > 0)) {
    throw new InputError(`ema.every is ${every} and must be a whole number of steps, 1 or more`);
  }
  if (step % every !== 0) {
    return 0;
  }
  const updates = step / every;
  if (updates === 0) {
    return 1;
  }
  return 1 - (warmUp ? Math.min(decay, (1 + updates) / (10 + updates)) : decay);
}
