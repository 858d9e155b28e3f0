import type { DatasetIdentity } from '../data/training/identity';
import { InputError } from '../errors';
import { isBookkeeping } from '../io/names';
import { quoteName } from '../io/text';
import type { ResumableCheckpoint } from './checkpoint';

/** A checkpoint cannot go on with a dataset or settings that are not the run's. @param why what does not fit */
export function cannotResume({ path }: ResumableCheckpoint, why: string): InputError {
  return new InputError(
    `${path}: ${why}: resume with the data and settings of the run, or start a new run from its weights with --init ${path}`,
  );
}

/** @param name of a tensor that the settings need */
export function lacksTensor(checkpoint: ResumableCheckpoint, name: string): InputError {
  return cannotResume(checkpoint, `it has no tensor ${quoteName(name)} of the shape that these settings need`);
}

/**
 * The model's weights in a checkpoint.
 * @param shapes of all of the model's parameters
 * @throws InputError where one is missing or of another shape, or the model has no such
 */
export function resumedWeights(
  checkpoint: ResumableCheckpoint,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const [name, shape] of shapes) {
    const tensor = checkpoint.tensors.get(name);
    if (tensor?.shape.join() !== shape.join()) {
      throw lacksTensor(checkpoint, name);
    }
    weights.set(name, tensor.data);
  }
  const unused = [...checkpoint.tensors.keys()].find((name) => !shapes.has(name) && !isBookkeeping(name));
  if (unused !== undefined) {
    throw cannotResume(checkpoint, `the model that these settings make has no tensor ${quoteName(unused)}`);
  }
  return weights;
}

/**
 * @param now of the dataset to go on with
 * @param annotations its file
 * @throws InputError where the run was trained on another dataset; older checkpoints tell it by the number of images alone
 */
export function requireSameDataset(checkpoint: ResumableCheckpoint, now: DatasetIdentity, annotations: string): void {
  const then = checkpoint.state.extra as Partial<DatasetIdentity>;
  if ((then.images ?? now.images) !== now.images || (then.digest ?? now.digest) !== now.digest) {
    const described = ({ images, objects, digest }: Partial<DatasetIdentity>): string =>
      `${images} images${digest === undefined ? '' : ` with ${objects} objects (digest ${digest})`}`;
    throw cannotResume(
      checkpoint,
      `the run was trained on ${described(then)}, and ${annotations} has ${described(now)}`,
    );
  }
}

/** @throws InputError where the dataset has other classes than those that the run learnt */
export function requireSameClasses(
  checkpoint: ResumableCheckpoint,
  learnt: readonly string[] | null,
  classNames: readonly string[],
): void {
  if (learnt !== null && JSON.stringify(learnt) !== JSON.stringify(classNames)) {
    const list = (names: readonly string[]): string => names.map((name) => quoteName(name)).join(', ');
    throw cannotResume(checkpoint, `the run learns ${list(learnt)}, and the dataset has ${list(classNames)}`);
  }
}

/** The kernels that a run began with, by shape class: it goes on with them. None in checkpoints of before. */
export function pinnedTuning({ state }: ResumableCheckpoint): Map<string, string> {
  const { tuning } = state.extra;
  const entries =
    typeof tuning === 'object' && tuning !== null ? Object.entries(tuning as Record<string, unknown>) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
