import { InputError } from '../errors';
import { DeviceMemoryError } from '../gpu/errors';

/**
 * Runs `work`, and turns what the device has no room for into the user's sentence.
 * @param wayOut the end of that sentence
 */
export async function withMemoryAdvice<T>(wayOut: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DeviceMemoryError ? new InputError(`${error.message}: ${wayOut}`) : error;
  }
}
