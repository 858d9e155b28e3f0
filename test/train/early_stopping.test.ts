import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors';
import {
  afterValidation,
  EARLY_STOPPING_START,
  readEarlyStopping,
  type EarlyStoppingSettings,
  type EarlyStoppingState,
} from '../../src/train/early_stopping';

/** Index of the validation after which the run stops, -1 for none. Between validations the state goes through JSON. */
function stopsAfter(figures: readonly (number | null)[], settings: EarlyStoppingSettings): number {
  let saved: string | undefined;
  return figures.findIndex((figure, i) => {
    const state = readEarlyStopping(saved === undefined ? undefined : JSON.parse(saved), 'last.safetensors');
    const next = afterValidation(state, figure, 10 * i, settings);
    saved = JSON.stringify(next.state);
    return next.stop;
  });
}

function stateAfter(figures: readonly (number | null)[], settings: EarlyStoppingSettings): EarlyStoppingState {
  return figures.reduce<EarlyStoppingState>(
    (state, figure, i) => afterValidation(state, figure, 10 * i, settings).state,
    EARLY_STOPPING_START,
  );
}

describe('early stopping', () => {
  it.each([
    [{ patience: 2, minDelta: 0 }, [0.1, 0.2, 0.2, 0.2], 3],
    [{ patience: 2, minDelta: 0 }, [0.1, 0.05, 0.11, 0.1, 0.12], -1],
    [{ patience: 1, minDelta: 0 }, [0.3, 0.4, 0.39], 2],
    [{ patience: 3, minDelta: 0.01 }, [0.3, 0.305, 0.308, 0.3101], -1],
    [{ patience: 3, minDelta: 0.01 }, [0.3, 0.305, 0.308, 0.3099], 3],
    [{ patience: 2, minDelta: 0 }, [null, NaN, 0.5], 1],
    [{ patience: 3, minDelta: 0 }, [null, null, 0, 0.1, null, null], -1],
    [{ patience: 1, minDelta: 0 }, [], -1],
  ])('%j: %j stops after %i', (settings, figures, expected) => {
    expect(stopsAfter(figures, settings)).toBe(expected);
  });

  it('keeps the best figure and its step', () => {
    expect(stateAfter([0.1, 0.3, 0.2, 0.304], { patience: 9, minDelta: 0.01 })).toEqual({
      best: 0.3,
      bestStep: 10,
      waited: 2,
    });
  });

  it.each([{}, 7, 'x', [], { best: '1', bestStep: 1, waited: 0 }, { best: 1, bestStep: 1, waited: -1 }])(
    'refuses the saved state %j',
    (saved) => {
      expect(() => readEarlyStopping(saved, 'runs/a/last.safetensors')).toThrow(InputError);
      expect(() => readEarlyStopping(saved, 'runs/a/last.safetensors')).toThrow('runs/a/last.safetensors: ');
    },
  );
});
