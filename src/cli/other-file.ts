import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../errors';

/** @throws InputError where --out is one of the inputs, by whatever path */
export async function requireOtherFile(out: string, inputs: readonly (string | undefined)[]): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  for (const input of inputs) {
    if (input !== undefined && (await real(input)) === (await real(out))) {
      throw new InputError(`--out ${out} is the input itself, which is never written over: name another file`);
    }
  }
}
