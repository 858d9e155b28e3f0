import { InputError } from '../errors';

/** What every optimizer takes. */
interface CommonSettings {
  /** Added to the gradient, times the parameter (`adamw`: taken off the parameter apart from the gradient). */
  readonly weightDecay?: number;
  /** Climbs instead of descending. */
  readonly maximize?: boolean;
}

interface AdaptiveSettings extends CommonSettings {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
}

export interface SgdSettings extends CommonSettings {
  readonly type: 'sgd';
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
}

export interface AdamSettings extends AdaptiveSettings {
  readonly type: 'adam' | 'adamw';
  readonly amsgrad?: boolean;
}

export interface AdamaxSettings extends AdaptiveSettings {
  readonly type: 'adamax';
}

export interface NadamSettings extends AdaptiveSettings {
  readonly type: 'nadam';
  readonly momentumDecay?: number;
}

export interface RadamSettings extends AdaptiveSettings {
  readonly type: 'radam';
}

export interface AdadeltaSettings extends CommonSettings {
  readonly type: 'adadelta';
  readonly rho?: number;
  readonly eps?: number;
}

export interface AdagradSettings extends CommonSettings {
  readonly type: 'adagrad';
  readonly lrDecay?: number;
  readonly initialAccumulatorValue?: number;
  readonly eps?: number;
}

export interface RmspropSettings extends CommonSettings {
  readonly type: 'rmsprop';
  readonly alpha?: number;
  readonly eps?: number;
  readonly momentum?: number;
  readonly centered?: boolean;
}

/** Has no weight decay: only the gradient's sign counts. */
export interface RpropSettings {
  readonly type: 'rprop';
  readonly etaMinus?: number;
  readonly etaPlus?: number;
  readonly smallestStep?: number;
  readonly largestStep?: number;
  readonly maximize?: boolean;
}

export interface AsgdSettings extends CommonSettings {
  readonly type: 'asgd';
  readonly lambd?: number;
  readonly alpha?: number;
  readonly t0?: number;
}

/** The options of torch.optim, with its defaults. The learning rate comes from the schedule, step by step. */
export type OptimizerSettings =
  | SgdSettings
  | AdamSettings
  | AdamaxSettings
  | NadamSettings
  | RadamSettings
  | AdadeltaSettings
  | AdagradSettings
  | RmspropSettings
  | RpropSettings
  | AsgdSettings;

export type OptimizerType = OptimizerSettings['type'];

/** torch.optim's default learning rates; SGD has none. L-BFGS is not one of `OptimizerSettings`: see lbfgs.ts. */
export const DEFAULT_LEARNING_RATES: Readonly<Record<Exclude<OptimizerType, 'sgd'> | 'lbfgs', number>> = {
  adam: 1e-3,
  adamw: 1e-3,
  adadelta: 1,
  adagrad: 1e-2,
  adamax: 2e-3,
  nadam: 2e-3,
  radam: 1e-3,
  rmsprop: 1e-2,
  rprop: 1e-2,
  asgd: 1e-2,
  lbfgs: 1,
};

/** Where a setting may lie: `[0, 1)` includes 0 and excludes 1. */
export type Interval = '[0, 1)' | '[0, 1]' | '(0, 1)' | '>= 0' | '> 0' | '> 1' | 'finite';

const HOLDS: Readonly<Record<Interval, (value: number) => boolean>> = {
  '[0, 1)': (value) => value >= 0 && value < 1,
  '[0, 1]': (value) => value >= 0 && value <= 1,
  '(0, 1)': (value) => value > 0 && value < 1,
  '>= 0': (value) => value >= 0,
  // a number that f32 has, and that adapters may not take for zero
  '> 0': (value) => value >= 1e-37,
  '> 1': (value) => value > 1,
  finite: () => true,
};

const WORDS: Readonly<Record<Interval, string>> = {
  '[0, 1)': 'from 0 to below 1',
  '[0, 1]': 'from 0 to 1',
  '(0, 1)': 'between 0 and 1',
  '>= 0': '0 or more',
  '> 0': '1e-37 or more',
  '> 1': 'above 1',
  finite: 'a finite number',
};

/** The value, or its default. @throws InputError where it lies outside the interval */
export function within(name: string, value: number | undefined, fallback: number, interval: Interval): number {
  const chosen = value ?? fallback;
  if (!(Number.isFinite(chosen) && HOLDS[interval](chosen))) {
    throw new InputError(`optimizer.${name} is ${chosen} and must be ${WORDS[interval]}`);
  }
  return chosen;
}
