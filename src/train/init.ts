import { InputError } from '../errors';
import { isFolder } from '../data/make_folder';
import type { Checkpoint, HostTensor } from '../io/checkpoint';
import { recogniseOtherModel } from '../io/families';
import { loadCheckpoint } from '../io/load';
import { canonicalTensors, classMismatch, sameShape, type Mismatch } from '../io/match';
import { loadNpyFolder } from '../io/npy';
import { firstFew, formatShape } from '../io/text';
import type { ParameterShape } from './initial_weights';

/** What of a file a model begins with. Names are torchvision's. */
export interface InitialTensors {
  readonly taken: Map<string, Float32Array>;
  /** Parameters of the model that the file does not have. */
  readonly missing: string[];
  /** Tensors of the file that the model has no use for. */
  readonly unused: string[];
  /** Those in both, of another shape. They begin anew, as the missing ones do. */
  readonly mismatched: { name: string; found: readonly number[]; wanted: readonly number[] }[];
}

export interface InitOptions {
  /** eps of the model's frozen BatchNorms; only weights with folded BatchNorms need it. */
  readonly normEps?: number;
}

/**
 * Picks what fits a model out of weights of any origin: a Mask R-CNN by torchvision or by us (of a training checkpoint the
 * moving averages, where there are any), of any number of classes; or a ResNet classifier, for the backbone, also with its
 * BatchNorms folded into the convolutions.
 *
 * @param path a .safetensors or PyTorch file, or a folder of NAME.npy
 * @param parameters of the model
 * @throws InputError for what cannot be read, is of another model, or has nothing that fits
 */
export async function initFrom(
  path: string,
  parameters: Iterable<ParameterShape>,
  { normEps = 1e-5 }: InitOptions = {},
): Promise<InitialTensors> {
  const checkpoint = (await isFolder(path)) ? await loadNpyFolder(path) : await loadCheckpoint(path);
  const tensors = unfoldNorms(asBackbone(canonicalTensors(checkpoint)), normEps);
  const result: InitialTensors = { taken: new Map(), missing: [], unused: [], mismatched: [] };
  const known = new Set<string>();
  for (const { name, shape: wanted } of parameters) {
    known.add(name);
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'f32') {
      result.missing.push(name);
    } else if (sameShape(tensor.shape, wanted)) {
      result.taken.set(name, tensor.data);
    } else {
      result.mismatched.push({ name, found: tensor.shape, wanted });
    }
  }
  result.unused.push(...[...tensors.keys()].filter((name) => !known.has(name)));
  if (result.taken.size === 0) {
    throw nothingFits(checkpoint, result);
  }
  return result;
}

function nothingFits({ file, tensors }: Checkpoint, { mismatched, unused }: InitialTensors): InputError {
  const other = recogniseOtherModel(tensors.keys());
  const [first] = mismatched;
  const why =
    first !== undefined
      ? `${first.name} is ${formatShape(first.found)} there and ${formatShape(first.wanted)} in the model`
      : (other ?? `its tensors are ${unused.length === 0 ? 'none' : firstFew(unused, 3)}`);
  return new InputError(
    `${file}: nothing in it fits the model to train (${why}); give weights of a Mask R-CNN by torchvision's names or of ` +
      "a ResNet as this model's backbone, or leave train.init out.",
  );
}

const BODY = 'backbone.body.';

/** A classifier's tensors by the names that they have in a detector. */
function asBackbone(tensors: Map<string, HostTensor>): Map<string, HostTensor> {
  const isClassifier = tensors.has('conv1.weight') && tensors.has('layer1.0.conv1.weight');
  const isLayer = (name: string): boolean => /^(conv1|bn1|layer\d)\./.test(name);
  return isClassifier
    ? new Map([...tensors].map(([name, tensor]) => [isLayer(name) ? `${BODY}${name}` : name, tensor]))
    : tensors;
}

/** Where a convolution of the body has a bias and no norm follows, the frozen BatchNorm that adds it and does no more. */
function unfoldNorms(tensors: Map<string, HostTensor>, eps: number): Map<string, HostTensor> {
  const unfolded = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const norm = normAfter(name);
    if (norm === null || tensor.dtype !== 'f32' || tensors.has(`${norm}.weight`)) {
      unfolded.set(name, tensor);
      continue;
    }
    const { shape, data } = tensor;
    const constant = (value: number): HostTensor => {
      return { shape, dtype: 'f32', data: new Float32Array(data.length).fill(value) };
    };
    unfolded.set(`${norm}.weight`, constant(1));
    unfolded.set(`${norm}.bias`, tensor);
    unfolded.set(`${norm}.running_mean`, constant(0));
    unfolded.set(`${norm}.running_var`, constant(1 - eps));
  }
  return unfolded;
}

/** `…bn2` for `…conv2.bias`, `…downsample.1` for `…downsample.0.bias`, else null. */
function normAfter(name: string): string | null {
  const found = /^(backbone\.body\..*?)(?:conv(\d+)|(downsample)\.0)\.bias$/.exec(name);
  if (found === null) {
    return null;
  }
  const [, before, conv] = found;
  return conv === undefined ? `${before}downsample.1` : `${before}bn${conv}`;
}

/** What was taken and what not, for a person to read: one line each. */
export function describeInit(path: string, { taken, missing, unused, mismatched }: InitialTensors): string[] {
  const all = taken.size + missing.length + mismatched.length;
  const lines = [`${path}: ${taken.size} of the model's ${all} tensors begin with its values`];
  const classes = mismatched.length > 0 ? classMismatch(mismatched.map(copyOf)) : null;
  if (classes !== null) {
    lines.push(
      `begin anew, for the file has ${classes.found - 1} classes and the model ${classes.wanted - 1}: ` +
        mismatched.map(({ name }) => name).join(', '),
    );
  } else if (mismatched.length > 0) {
    const shapes = mismatched.map(({ name, found, wanted }) => {
      return `${name} (${formatShape(found)} in the file, ${formatShape(wanted)} in the model)`;
    });
    lines.push(`begin anew, being of another shape: ${shapes.join(', ')}`);
  }
  if (missing.length > 0) {
    lines.push(`begin anew, not being in the file: ${byModule(missing)}`);
  }
  if (unused.length > 0) {
    lines.push(`in the file and of no use here: ${byModule(unused)}`);
  }
  return lines;
}

function copyOf({ name, found, wanted }: InitialTensors['mismatched'][number]): Mismatch {
  return { name, found: [...found], wanted: [...wanted] };
}

/** `rpn.head.conv.0.0 (weight, bias)`, one for each module. */
function byModule(names: readonly string[]): string {
  const modules = new Map<string, string[]>();
  for (const name of names) {
    const dot = name.lastIndexOf('.');
    const [module, part] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
    modules.set(module, [...(modules.get(module) ?? []), part]);
  }
  return [...modules]
    .map(([module, parts]) => (module === '' ? parts.join(', ') : `${module} (${parts.join(', ')})`))
    .join(', ');
}
