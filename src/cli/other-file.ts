import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../errors';

/**
 * @param out a file to write, undefined for none
 * @param option that names it
 * @throws InputError where it is one of the inputs, by whatever path
 */
export async function requireOtherFile(
  out: string | undefined,
  inputs: readonly (string | undefined)[],
  option = '--out',
): Promise<void> {
  if (out === undefined) {
    return;
  }
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  for (const input of inputs) {
    if (input !== undefined && (await real(input)) === (await real(out))) {
      throw new InputError(`${option} ${out} is the input itself, which is never written over: name another file`);
    }
  }
}
