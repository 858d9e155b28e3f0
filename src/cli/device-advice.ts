import { InputError } from '../errors';
import { DeviceMemoryError, GpuError } from '../gpu/errors';

/** Where a command does not know better. */
const LESS_MEMORY = 'use smaller images or batches, or another adapter (--adapter)';

/**
 * What a device has refused or lost as one sentence for the user: what it was doing, what it says, and the way out.
 * @param lessMemory how to need less memory; the end of the sentence where memory was the matter
 */
export function deviceSentence(error: GpuError, lessMemory = LESS_MEMORY): string {
  const what = error.message.trim().replace(/\s*\n\s*/g, ' ');
  if (error instanceof DeviceMemoryError) {
    return `${what}: ${lessMemory}`;
  }
  return `${what}: try again; if memory ran out, ${lessMemory}; else run \`engine doctor\``;
}

/**
 * Runs `work`, and turns what the device has no room for, refuses or loses into the user's sentence.
 * @param lessMemory as deviceSentence has it
 */
export async function withDeviceAdvice<T>(lessMemory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof GpuError ? new InputError(deviceSentence(error, lessMemory)) : error;
  }
}
