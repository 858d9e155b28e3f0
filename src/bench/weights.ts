import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint } from '../io/load';
import { matchParameters } from '../io/match';
import { packageRoot } from '../node/package-root';
import { formulaWeights } from './formula_weights';

/** Trained weights of the slim model, beside a clone that shares them; null where they are not. */
export function slimWeightsFile(): string | null {
  const file = join(packageRoot(), '..', 'shared', 'data', 'slim', 'slim.safetensors');
  return existsSync(file) ? file : null;
}

/**
 * @param file a checkpoint; null for weights by formula
 * @throws InputError where the file cannot be read or is of another model
 */
export async function weightsFor(
  file: string | null,
  shapes: Map<string, number[]>,
): Promise<Map<string, Float32Array>> {
  return file === null ? formulaWeights(shapes) : matchParameters(await loadCheckpoint(file), shapes);
}

/** Which weights those are, for titles. */
export function weightsTitle(file: string | null): string {
  return file === null ? 'weights by formula' : 'trained weights';
}
