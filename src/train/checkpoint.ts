import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { CONFIG_METADATA_KEY } from '../config/load';
import { writeFile } from '../data/write_file';
import { InputError } from '../errors';
import type { HostTensor } from '../io/checkpoint';
import { loadCheckpoint as loadWeights } from '../io/load';
import { writeSafetensors } from '../io/safetensors';
import { quoteName } from '../io/text';

/** What a checkpoint holds beside tensors, so that training can go on. Plain data, as JSON has it. */
export interface TrainingState {
  /** Optimizer steps done, and passes over the training images done. */
  readonly step: number;
  readonly epoch: number;
  readonly seed: number;
  /** The best validation so far; null before the first. */
  readonly best: { readonly metric: string; readonly value: number; readonly step: number } | null;
  /** What other parts of training remember, by their names. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A tensor in PyTorch's layout (OIHW, [out, in]), dense and row-major. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Checkpoint {
  /** Weights by torchvision's names; the optimizer's state as `optimizer/SLOT/PARAMETER`; moving averages as `ema/PARAMETER`. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly state: TrainingState | null;
  /** The resolved configuration, from which `engine infer` makes the model. */
  readonly configYaml: string | null;
}

/** A checkpoint that training can go on from. */
export interface ResumableCheckpoint extends Checkpoint {
  /** Of its file, for messages. */
  readonly path: string;
  readonly state: TrainingState;
  readonly configYaml: string;
}

/** The entry of safetensors' `__metadata__` with the training state in JSON. */
const STATE_METADATA_KEY = 'engine.training';

const count = z.int().min(0);
const stateSchema = z.strictObject({
  step: count,
  epoch: count,
  seed: count.max(2 ** 32 - 1),
  best: z.strictObject({ metric: z.string(), value: z.number(), step: count }).nullable(),
  extra: z.record(z.string(), z.unknown()),
});

/**
 * Writes a safetensors file under a temporary name, makes it durable and renames it: whenever the process is killed, `path`
 * is the old file or the whole new one. The same checkpoint gives the same bytes.
 *
 * @throws InputError where it cannot be written
 * @throws Error where the state is not plain JSON data
 */
export async function saveCheckpoint(path: string, { tensors, state, configYaml }: Checkpoint): Promise<void> {
  const metadata: Record<string, string> = {};
  if (configYaml !== null) {
    metadata[CONFIG_METADATA_KEY] = configYaml;
  }
  if (state !== null) {
    metadata[STATE_METADATA_KEY] = JSON.stringify(stateSchema.parse(state));
  }
  const host = new Map<string, HostTensor>();
  for (const [name, { shape, data }] of tensors) {
    host.set(name, { shape: [...shape], dtype: 'f32', data });
  }
  await writeFile(path, writeSafetensors(host, metadata));
  await syncFolder(dirname(path));
}

/** Makes the names in a folder durable; without effect where the system does not open folders (Windows). */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}

/**
 * Reads a checkpoint of ours, bit for bit as it was saved.
 * @throws InputError for a file that is missing, damaged, of another kind, or that holds NaN or infinities
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = await loadWeights(path);
  const named = new Map<string, NamedTensor>();
  for (const [name, tensor] of tensors) {
    if (tensor.dtype !== 'f32') {
      throw new InputError(
        `${path}: tensor ${quoteName(name)} is of whole numbers (${tensor.dtype}), which no checkpoint of a training run ` +
          'has; give weights of another origin with train.init.',
      );
    }
    named.set(name, tensor);
  }
  const entry = (key: string): string | null => (Object.hasOwn(metadata, key) ? metadata[key] : null);
  const state = entry(STATE_METADATA_KEY);
  return {
    tensors: named,
    state: state === null ? null : parseState(state, path),
    configYaml: entry(CONFIG_METADATA_KEY),
  };
}

/** As `loadCheckpoint`. @throws InputError also for weights without what training needs to go on */
export async function loadResumable(path: string): Promise<ResumableCheckpoint> {
  const { tensors, state, configYaml } = await loadCheckpoint(path);
  if (state === null || configYaml === null) {
    throw new InputError(
      `${path}: these are weights alone, without the state of a training run to resume; start a run from them with ` +
        `--set train.init=${path}.`,
    );
  }
  return { path, tensors, state, configYaml };
}

function parseState(text: string, path: string): TrainingState {
  const where = `${path}: its metadata ${STATE_METADATA_KEY}`;
  const wayOut = 'resume from another checkpoint of the run';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${where} is not JSON; ${wayOut}.`);
  }
  const result = stateSchema.safeParse(value);
  if (!result.success) {
    const key = result.error.issues[0].path.map(String).join('.');
    throw new InputError(`${where} has ${key === '' ? 'an unknown form' : `a wrong ${quoteName(key)}`}; ${wayOut}.`);
  }
  return result.data;
}
