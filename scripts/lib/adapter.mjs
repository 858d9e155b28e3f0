import { join } from 'node:path';
import { ROOT, capture } from './run.mjs';

/** @typedef {{ description: string, software: boolean }} Adapter */

/**
 * Asks Dawn for an adapter, in a process of its own: a driver that Dawn refuses may print, or abort.
 *
 * @returns {Promise<{ adapter: Adapter | undefined, said: string }>} `said`: what Dawn and the drivers printed
 */
export async function findAdapter() {
  const { code, stdout, stderr } = await capture([join(ROOT, 'scripts', 'probe-adapter.mjs')], { timeout: 120_000 });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (code !== 0 || line === undefined) {
    return { adapter: undefined, said: stderr.trim() };
  }
  return { adapter: /** @type {Adapter} */ (JSON.parse(line)), said: stderr.trim() };
}
