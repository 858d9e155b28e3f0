import { InputError } from '../errors';
import type { HostTensor } from './checkpoint';
import { stripWrapperPrefix } from './names';
import { PickleDict, kindOfValue } from './pickle-values';
import type { PickleValue } from './pickle-values';
import { firstFew, quoteName } from './text';
import { TensorReader, TorchTensor } from './torch-tensors';

/** Where training scripts keep the state dict beside the optimizer's state, in the order of preference. */
const nestedKeys = ['model', 'state_dict', 'model_state_dict'];

function holdsTensors(dict: PickleDict): boolean {
  for (const item of dict.entries.values()) {
    if (item instanceof TorchTensor) {
      return true;
    }
  }
  return false;
}

function findStateDict(root: PickleValue, file: string): PickleDict {
  const wayOut = 'save the weights with torch.save(model.state_dict(), path)';
  if (!(root instanceof PickleDict)) {
    throw new InputError(`${file}: the file holds ${kindOfValue(root)} instead of a dict of tensors; ${wayOut}.`);
  }
  for (const key of nestedKeys) {
    const nested = root.entries.get(key);
    if (nested instanceof PickleDict && holdsTensors(nested)) {
      return nested;
    }
  }
  if (holdsTensors(root)) {
    return root;
  }
  const keys = [...root.entries.keys()].map((key) => (typeof key === 'string' ? quoteName(key) : kindOfValue(key)));
  const found = keys.length > 0 ? `has the keys ${firstFew(keys)}` : 'is empty';
  throw new InputError(
    `${file}: the file ${found}, but no tensors, neither there nor under ${nestedKeys.join(', ')}; ${wayOut}.`,
  );
}

/**
 * The tensors of a PyTorch checkpoint: of the state dict itself, or of the one under `model`, `state_dict` or
 * `model_state_dict`. What else the file holds is ignored, and a prefix common to all names that a wrapper such as
 * DataParallel put there is taken off.
 *
 * @throws InputError where there is no state dict, or a storage is missing
 */
export function readStateDict(root: PickleValue, file: string, fileSize: number): Map<string, HostTensor> {
  const reader = new TensorReader(file, fileSize);
  const tensors = new Map<string, HostTensor>();
  for (const [name, value] of findStateDict(root, file).entries) {
    if (!(value instanceof TorchTensor)) {
      continue;
    }
    if (typeof name !== 'string') {
      throw new InputError(`${file}: a tensor is named by ${kindOfValue(name)} instead of a string; save it by name.`);
    }
    tensors.set(name, reader.read(name, value));
  }
  return stripWrapperPrefix(tensors);
}
