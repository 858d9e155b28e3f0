import { InputError } from '../errors';

export interface EarlyStoppingSettings {
  /** So many validations in a row may pass without a better figure; the run stops after the last of them. */
  readonly patience: number;
  /** A figure counts as better where it is above the best one by more than this. */
  readonly minDelta: number;
}

/** Plain data, as checkpoints hold it. */
export interface EarlyStoppingState {
  /** The best figure that counted, null before the first. */
  readonly best: number | null;
  /** The step of `best`. */
  readonly bestStep: number | null;
  /** Validations since then. */
  readonly waited: number;
}

export const EARLY_STOPPING_START: EarlyStoppingState = { best: null, bestStep: null, waited: 0 };

/**
 * What follows from one more validation.
 * @param figure higher is better; one that is null or not finite (no objects to find) is no better than any
 */
export function afterValidation(
  state: EarlyStoppingState,
  figure: number | null,
  step: number,
  { patience, minDelta }: EarlyStoppingSettings,
): { readonly state: EarlyStoppingState; readonly stop: boolean } {
  if (figure !== null && Number.isFinite(figure) && (state.best === null || figure - state.best > minDelta)) {
    return { state: { best: figure, bestStep: step, waited: 0 }, stop: false };
  }
  const waited = state.waited + 1;
  return { state: { ...state, waited }, stop: waited >= patience };
}

/**
 * The state that a checkpoint holds; the start where it holds none, e.g. since early stopping was not asked for then.
 * @throws InputError where it holds something else
 */
export function readEarlyStopping(saved: unknown, file: string): EarlyStoppingState {
  if (saved === undefined || saved === null) {
    return EARLY_STOPPING_START;
  }
  const { best, bestStep, waited } = saved as Partial<Record<keyof EarlyStoppingState, unknown>>;
  if (isNumberOrNull(best) && isNumberOrNull(bestStep) && typeof waited === 'number' && waited >= 0) {
    return { best, bestStep, waited };
  }
  throw new InputError(`${file}: its state of early stopping cannot be read: resume from another checkpoint`);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}
