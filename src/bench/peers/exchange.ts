import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../../io/safetensors';
import type { BenchModel } from '../model';

/** Folder of what is made for the peers, which git ignores; ENGINE_BENCH_CACHE names another. */
const CACHE = '.cache/bench';

/** @param root of the clone */
export function cacheFolder(root: string): string {
  const folder = process.env.ENGINE_BENCH_CACHE ?? join(root, CACHE);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Writes the inputs of a model for a program that reads files; gives the file's path. */
export function writeInputs(model: BenchModel, root: string): string {
  const file = join(cacheFolder(root), `${model.id}-inputs.safetensors`);
  writeFileSync(file, writeSafetensors(model.peerInputs()));
  return file;
}
