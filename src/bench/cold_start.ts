import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { AdapterChoice } from '../gpu/device';
import { packageRoot } from '../node/package-root';

/** Milliseconds since 1970, with fractions, comparable between processes of a machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Milliseconds from the start of a new process to the first result of a model, as a user meets it in every command: loading
 * Node and the program, opening the device, making the weights by formula (in place of reading a file), uploading and
 * packing them, making plan and pipelines, and one run. The driver's shader cache is warm, since the model has run in
 * this process before, and where kernels are tuned, what this process measured is known.
 *
 * The new process is this command with the hidden option `--first-result`, which prints the moment of the first result.
 * @throws Error where it fails
 */
export function coldStart(model: string, adapter: AdapterChoice, tune: 'off' | 'on'): number {
  const command = [join(packageRoot(), 'bin', 'engine.mjs'), 'bench', 'model', '--first-result'];
  const options = ['--only', model, '--adapter', adapter, '--tune', tune];
  const start = now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...options], { encoding: 'utf8' });
  const end = Number(stdout);
  if (status !== 0 || !(end > start)) {
    throw new Error(`the first result of ${model} in a new process failed: ${stderr.trim().split('\n').at(-1)}`);
  }
  return end - start;
}
