import { expect } from 'vitest';
import { InputError } from '../../src/errors';

/** The message of the InputError that `run` must end with; anything else fails the test. */
export async function inputError(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    expect(error.message).toMatch(/^[^\n]+[.]$/);
    expect(error.message.length).toBeLessThan(1500);
    return error.message;
  }
  throw new Error('nothing was thrown');
}

/** Runs what may end well or with an InputError, and nothing else. */
export async function neverCrashes(run: () => unknown): Promise<'fine' | 'refused'> {
  try {
    await run();
    return 'fine';
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    return 'refused';
  }
}
