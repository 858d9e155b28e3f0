import { InputError } from '../errors';
import type { Checkpoint, HostTensor } from './checkpoint';
import { recogniseOtherModel } from './families';
import { AVERAGE_PREFIX, canonicalName, isBookkeeping } from './names';
import { firstFew, formatShape, quoteName } from './text';

const shown = 5;

/**
 * The tensors of a checkpoint by torchvision's present names (see `canonicalName`), without bookkeeping. Where training
 * kept the moving average of a parameter, that is the parameter's value.
 *
 * @throws InputError where the file has one parameter under both its old and its present name
 */
export function canonicalTensors(checkpoint: Checkpoint): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, tensor] of checkpoint.tensors) {
    if (isBookkeeping(name)) {
      continue;
    }
    const canonical = canonicalName(name);
    if (tensors.has(canonical)) {
      throw new InputError(
        `${checkpoint.file}: ${quoteName(canonical)} is there under its old and its present name; remove one of them.`,
      );
    }
    tensors.set(canonical, checkpoint.tensors.get(`${AVERAGE_PREFIX}${name}`) ?? tensor);
  }
  return tensors;
}

/** A tensor that the file has in another shape than the model. */
export interface Mismatch {
  name: string;
  found: number[];
  wanted: number[];
}

/** Whether two shapes have the same dimensions. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function describeMismatch({ name, found, wanted }: Mismatch): string {
  return `${quoteName(name).slice(1, -1)}: file has ${formatShape(found)}, the model wants ${formatShape(wanted)}`;
}

/** Outputs per class, background included, of the layers whose size follows the number of classes. */
function outputsPerClass(name: string): number | null {
  const layer =
    /^roi_heads\.(box_predictor\.cls_score|box_predictor\.bbox_pred|mask_predictor\.mask_fcn_logits)\./.exec(name)?.[1];
  return layer === undefined ? null : layer === 'box_predictor.bbox_pred' ? 4 : 1;
}

/** Where nothing but the number of classes differs: the number in the file and the wanted one, with background. */
export function classMismatch(mismatches: readonly Mismatch[]): { found: number; wanted: number } | null {
  let result: { found: number; wanted: number } | null = null;
  for (const { name, found, wanted } of mismatches) {
    const outputs = outputsPerClass(name);
    if (outputs === null || !sameShape(found.slice(1), wanted.slice(1)) || found.length === 0) {
      return null;
    }
    const classes = { found: found[0] / outputs, wanted: wanted[0] / outputs };
    if (result !== null && (result.found !== classes.found || result.wanted !== classes.wanted)) {
      return null;
    }
    result = classes;
  }
  return result;
}

/**
 * Picks a model's parameters out of a checkpoint. torchvision's names of both eras are understood, and
 * `*.num_batches_tracked` is ignored on both sides.
 *
 * @param expected shape by name (torchvision's present names), in the layout of PyTorch (OIHW, [out, in])
 * @returns the values by the names of `expected`, in its order; they share memory with the checkpoint
 * @throws InputError listing at once what is missing, unexpected, of another shape or not of a float kind
 */
export function matchParameters(checkpoint: Checkpoint, expected: Map<string, number[]>): Map<string, Float32Array> {
  const tensors = canonicalTensors(checkpoint);
  const matched = new Map<string, Float32Array>();
  const missing: string[] = [];
  const mismatches: Mismatch[] = [];
  const integers: string[] = [];
  let common = 0;
  for (const [name, wanted] of expected) {
    if (isBookkeeping(name)) {
      continue;
    }
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      missing.push(name);
      continue;
    }
    common += 1;
    if (!sameShape(tensor.shape, wanted)) {
      mismatches.push({ name, found: tensor.shape, wanted });
    } else if (tensor.dtype !== 'f32') {
      integers.push(`${name} (${tensor.dtype})`);
    } else {
      matched.set(name, tensor.data);
    }
  }
  const unexpected = [...tensors.keys()].filter((name) => !expected.has(name));
  if (missing.length + unexpected.length + mismatches.length + integers.length === 0) {
    return matched;
  }

  const { file } = checkpoint;
  const other = recogniseOtherModel(checkpoint.tensors.keys());
  if (other !== null && common * 2 < expected.size) {
    throw new InputError(`${file}: these are ${other}; give weights of the model that the configuration describes.`);
  }
  const names = (list: readonly string[]): string =>
    firstFew(
      list.map((name) => quoteName(name).slice(1, -1)),
      shown,
    );
  if (missing.length + unexpected.length + integers.length === 0) {
    const classes = classMismatch(mismatches);
    if (classes !== null) {
      throw new InputError(
        `${file}: the weights are of another number of classes: ${classes.found - 1} and background in the file, ` +
          `${classes.wanted - 1} and background in the model (${describeMismatch(mismatches[0])}); set "classes" in ` +
          `the configuration to the classes that the weights were trained for.`,
      );
    }
  }
  const parts: string[] = [];
  if (missing.length > 0) {
    parts.push(`${missing.length} missing (${names(missing)})`);
  }
  if (unexpected.length > 0) {
    parts.push(`${unexpected.length} unexpected (${names(unexpected)})`);
  }
  if (mismatches.length > 0) {
    parts.push(`${mismatches.length} of another shape (${firstFew(mismatches.map(describeMismatch), shown)})`);
  }
  if (integers.length > 0) {
    parts.push(`${integers.length} not of a float kind (${names(integers)})`);
  }
  throw new InputError(
    `${file}: the weights do not fit the model: ${parts.join('; ')}; give the configuration that these weights were ` +
      `trained with, or weights of this model.`,
  );
}
