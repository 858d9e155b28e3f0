import { InputError } from '../errors';

/** The course of the learning rate; steps are counted from 0. */
export type Schedule =
  | { readonly type: 'constant' }
  /** Times `gamma` (default 0.1) at each milestone, as MultiStepLR. */
  | { readonly type: 'multistep'; readonly milestones: readonly number[]; readonly gamma?: number }
  /** Half a cosine from the base rate to `minimum` (default 0) over the steps, as CosineAnnealingLR. */
  | { readonly type: 'cosine'; readonly minimum?: number }
  /** (1 - step / steps) to the `power` (default 1), as PolynomialLR. */
  | { readonly type: 'polynomial'; readonly power?: number };

export interface WarmUp {
  /** `linear` from `factor` to 1, as LinearLR; `constant` at `factor`, as ConstantLR. */
  readonly type: 'linear' | 'constant';
  /** How many steps it takes. */
  readonly steps: number;
  /** What the base rate is multiplied by at the beginning: above 0, at most 1. Default 0.001 (linear) or 1/3 (constant). */
  readonly factor?: number;
  /**
   * `chained` (default): the schedule counts steps from the run's first and its rate is multiplied by the warm-up's factor,
   * as ChainedScheduler. `before`: the schedule begins where the warm-up ends, and takes the remaining steps, as
   * SequentialLR.
   */
  readonly order?: 'chained' | 'before';
}

export interface ScheduleSettings {
  readonly learningRate: number;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly schedule: Schedule;
  readonly warmUp?: WarmUp;
}

/** The learning rate of a step as torch.optim.lr_scheduler gives it; past the last step that of the end. @param step from 0 */
export function learningRateAt({ learningRate, steps, schedule, warmUp }: ScheduleSettings, step: number): number {
  if (warmUp === undefined || warmUp.steps <= 0) {
    return scheduled(schedule, learningRate, step, steps);
  }
  if (warmUp.order === 'before') {
    return step < warmUp.steps
      ? learningRate * warmUpFactor(warmUp, step)
      : scheduled(schedule, learningRate, step - warmUp.steps, steps - warmUp.steps);
  }
  return scheduled(schedule, learningRate, step, steps) * warmUpFactor(warmUp, step);
}

/**
 * What in the settings is out of range, before a long run stumbles over it.
 * @throws InputError that names the key
 */
export function checkSchedule({ learningRate, steps, schedule, warmUp }: ScheduleSettings): void {
  demand(learningRate >= 0, 'optimizer.learning_rate', learningRate, '0 or more');
  demand(Number.isInteger(steps) && steps > 0, 'the number of steps', steps, 'a whole number, 1 or more');
  if (schedule.type === 'multistep') {
    const { milestones, gamma = 0.1 } = schedule;
    const ascending = milestones.every((at, i) => at >= 0 && (i === 0 || at >= milestones[i - 1]));
    demand(ascending, 'schedule.milestones', `[${milestones.join(', ')}]`, 'ascending and of numbers 0 or more');
    demand(gamma > 0, 'schedule.gamma', gamma, 'above 0');
  } else if (schedule.type === 'cosine') {
    const { minimum = 0 } = schedule;
    demand(
      minimum >= 0 && minimum <= learningRate,
      'schedule.minimum',
      minimum,
      `from 0 to the learning rate, ${learningRate}`,
    );
  } else if (schedule.type === 'polynomial') {
    demand((schedule.power ?? 1) > 0, 'schedule.power', schedule.power, 'above 0');
  }
  if (warmUp !== undefined) {
    const { factor = defaultFactor(warmUp) } = warmUp;
    demand(factor > 0 && factor <= 1, 'schedule.warm_up.factor', factor, 'above 0 and at most 1');
    const fits = Number.isInteger(warmUp.steps) && warmUp.steps >= 0;
    demand(fits, 'schedule.warm_up.steps', warmUp.steps, 'a whole number, 0 or more');
    const leaves = warmUp.order !== 'before' || warmUp.steps < steps;
    demand(
      leaves,
      'schedule.warm_up.steps',
      warmUp.steps,
      `below the ${steps} steps of the run (0 leaves the warm-up out)`,
    );
  }
}

/**
 * The learning rate for a batch, in proportion to it: Goyal et al., "Accurate, Large Minibatch SGD", 2017.
 * @param batch images of one optimizer step, accumulated ones included
 * @param referenceBatch the batch that `learningRate` is meant for
 */
export function scaledLearningRate(learningRate: number, batch: number, referenceBatch: number): number {
  demand(batch > 0, 'train.batch_size', batch, '1 or more');
  demand(referenceBatch > 0, 'train.reference_batch_size', referenceBatch, '1 or more');
  return (learningRate * batch) / referenceBatch;
}

function scheduled(schedule: Schedule, learningRate: number, step: number, steps: number): number {
  const progress = steps > 0 ? Math.min(step / steps, 1) : 1;
  switch (schedule.type) {
    case 'constant':
      return learningRate;
    case 'multistep': {
      const passed = schedule.milestones.filter((milestone) => step >= milestone).length;
      return learningRate * (schedule.gamma ?? 0.1) ** passed;
    }
    case 'cosine': {
      const { minimum = 0 } = schedule;
      return minimum + ((learningRate - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
    }
    case 'polynomial':
      return learningRate * (1 - progress) ** (schedule.power ?? 1);
  }
}

function warmUpFactor(warmUp: WarmUp, step: number): number {
  const { type, steps, factor = defaultFactor(warmUp) } = warmUp;
  if (step >= steps) {
    return 1;
  }
  return type === 'constant' ? factor : factor + ((1 - factor) * step) / steps;
}

function defaultFactor({ type }: WarmUp): number {
  return type === 'linear' ? 0.001 : 1 / 3;
}

function demand(holds: boolean, what: string, value: unknown, expected: string): void {
  if (!holds) {
    throw new InputError(`${what} is ${String(value)} and must be ${expected}`);
  }
}
