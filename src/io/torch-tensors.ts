import { InputError } from '../errors';
import type { HostTensor } from './checkpoint';
import { decodeElements, decodedElementSize, elementSize } from './elements';
import type { ElementKind } from './elements';
import { PickleDict, PickleGlobal, PickleOpaque, PickleSet, PickleTuple, kindOfValue } from './pickle-values';
import type { PickleValue } from './pickle-values';
import { formatShape, quoteName } from './text';

const again = 'the file is damaged or was made to mislead, so save it again in PyTorch';
// PyTorch itself allows 64 dimensions.
const mostDimensions = 64;

/** torch.FloatStorage and its kin. */
class StorageType extends PickleGlobal {
  constructor(
    name: string,
    readonly element: ElementKind,
  ) {
    super(name);
  }
}

/** The bytes behind one or several tensors; the older stream form fills `bytes` only after the pickle is read. */
export interface StorageBytes {
  element: ElementKind;
  /** Elements. */
  length: number;
  bytes: Uint8Array | null;
}

/** A storage as a pickle names it: the whole of some bytes or, in the older stream form, a range of them. */
export class TorchStorage extends PickleOpaque {
  readonly kind = 'a storage';
  /** `start` and `length` in elements. */
  constructor(
    readonly key: string,
    readonly source: StorageBytes,
    readonly start: number,
    readonly length: number,
  ) {
    super();
  }
}

/** A tensor not yet copied out of its storage; offset and strides in elements. */
export class TorchTensor extends PickleOpaque {
  readonly kind = 'a tensor';
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {
    super();
  }
}

const storageElements: Readonly<Record<string, ElementKind>> = {
  Double: 'F64',
  Float: 'F32',
  Half: 'F16',
  BFloat16: 'BF16',
  Long: 'I64',
  Int: 'I32',
  Short: 'I16',
  Char: 'I8',
  Byte: 'U8',
  Bool: 'BOOL',
};

const inertNames = [
  ...['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'],
  ...['double', 'float', 'half', 'long', 'int', 'short'],
].map((dtype) => `torch.${dtype}`);

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: PickleValue | undefined): number[] | null {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : null;
  return items !== null && items.length <= mostDimensions && items.every(isCount) ? items.slice() : null;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function rebuildTensor(args: PickleValue[], file: string): TorchTensor {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof TorchStorage)) {
    throw new InputError(`${file}: a tensor is built on ${kindOfValue(storage)} instead of a storage; ${again}.`);
  }
  const where = `${file}: a tensor on storage ${quoteName(storage.key)}`;
  const shape = counts(size);
  const strides = counts(stride);
  if (shape === null || strides === null || shape.length !== strides.length || !isCount(offset)) {
    throw new InputError(
      `${where} has a size, stride or offset that are not matching whole numbers from 0 up; ${again}.`,
    );
  }
  if (elementCount(shape) > 0) {
    // Sums and products beyond 2^53 are rounded, yet still far beyond the storage.
    const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], offset);
    if (!(last < storage.length)) {
      throw new InputError(
        `${where} of shape ${formatShape(shape)} reaches element ${last}, but the storage has ${storage.length}; ${again}.`,
      );
    }
  }
  return new TorchTensor(storage, offset, shape, strides);
}

function makeDict(args: PickleValue[], name: string, file: string): PickleDict {
  const dict = new PickleDict();
  const [source] = args;
  if (source instanceof PickleDict) {
    for (const [key, value] of source.entries) {
      dict.entries.set(key, value);
    }
  } else if (Array.isArray(source)) {
    for (const pair of source) {
      const items = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
      if (items.length !== 2) {
        throw new InputError(`${file}: ${name} is made of something other than pairs; ${again}.`);
      }
      dict.entries.set(items[0], items[1]);
    }
  } else if (source !== undefined) {
    throw new InputError(`${file}: ${name} is made of ${kindOfValue(source)}; ${again}.`);
  }
  return dict;
}

function makeSet(args: PickleValue[]): PickleSet {
  const set = new PickleSet();
  if (Array.isArray(args[0])) {
    for (const item of args[0]) {
      set.items.add(item);
    }
  }
  return set;
}

/** Everything that the pickle of a checkpoint may name. */
export function torchGlobals(file: string): ReadonlyMap<string, PickleGlobal> {
  const globals = new Map<string, PickleGlobal>();
  const allow = (name: string, call: ((args: PickleValue[]) => PickleValue) | null): void => {
    globals.set(name, new PickleGlobal(name, call));
  };
  for (const name of ['collections.OrderedDict', 'collections.Counter']) {
    allow(name, (args) => makeDict(args, name, file));
  }
  for (const module of ['builtins', '__builtin__']) {
    allow(`${module}.set`, makeSet);
    allow(`${module}.frozenset`, makeSet);
  }
  for (const name of ['torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2']) {
    allow(name, (args) => rebuildTensor(args, file));
  }
  allow('torch._utils._rebuild_parameter', ([data]) => {
    if (!(data instanceof TorchTensor)) {
      throw new InputError(`${file}: a parameter is built on ${kindOfValue(data)} instead of a tensor; ${again}.`);
    }
    return data;
  });
  allow('torch.Size', ([sizes]) => {
    const shape = counts(sizes);
    if (shape === null) {
      throw new InputError(`${file}: a torch.Size is not made of whole numbers from 0 up; ${again}.`);
    }
    return new PickleTuple(shape);
  });
  allow('torch.device', ([type, index]) => {
    if (typeof type !== 'string') {
      throw new InputError(`${file}: a torch.device is made of ${kindOfValue(type)}; ${again}.`);
    }
    return typeof index === 'number' ? `${type}:${index}` : type;
  });
  for (const name of inertNames) {
    allow(name, null);
  }
  for (const [type, element] of Object.entries(storageElements)) {
    for (const module of ['torch', 'torch.cuda']) {
      const name = `${module}.${type}Storage`;
      globals.set(name, new StorageType(name, element));
    }
  }
  return globals;
}

/** A persistent id, checked: `('storage', type, key, location, elements[, view])`. */
export interface StorageId {
  element: ElementKind;
  key: string;
  length: number;
  /** Of the older stream form: a range of the storage `key`, in elements. */
  view: { key: string; start: number; length: number } | null;
}

/** @throws InputError where the id is not that of a storage */
export function parseStorageId(id: PickleValue, file: string): StorageId {
  const items = id instanceof PickleTuple ? id.items : [];
  const [tag, type, key, , length, view] = items;
  if (tag !== 'storage') {
    const what = typeof tag === 'string' ? quoteName(tag) : kindOfValue(tag);
    throw new InputError(
      `${file}: its pickle refers to ${what} outside itself where only storages of tensors are read; save only the ` +
        `weights with torch.save(model.state_dict(), path).`,
    );
  }
  if (!(type instanceof StorageType) || typeof key !== 'string' || !isCount(length)) {
    throw new InputError(`${file}: a storage is named without its type, key or length; ${again}.`);
  }
  if (view === undefined || view === null) {
    return { element: type.element, key, length, view: null };
  }
  const [viewKey, start, viewLength] = view instanceof PickleTuple ? view.items : [];
  if (typeof viewKey !== 'string' || !isCount(start) || !isCount(viewLength) || start + viewLength > length) {
    throw new InputError(`${file}: a view of storage ${quoteName(key)} does not lie within it; ${again}.`);
  }
  return { element: type.element, key, length, view: { key: viewKey, start, length: viewLength } };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) {
      return false;
    }
    expected *= shape[axis];
  }
  return true;
}

/** The elements of a strided tensor in row-major order, as bytes. */
function gather(tensor: TorchTensor, source: Uint8Array, size: number, count: number): Uint8Array {
  const { shape, strides } = tensor;
  const out = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = (tensor.storage.start + tensor.offset) * size;
  for (let to = 0; to < out.length; to += size) {
    for (let i = 0; i < size; i++) {
      out[to + i] = source[from + i]!;
    }
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] += 1;
      from += strides[axis] * size;
      if (index[axis] < shape[axis]) {
        break;
      }
      from -= shape[axis] * strides[axis] * size;
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * Copies tensors out of their storages, dense and row-major.
 *
 * Many tensors may share a storage, and a stride of 0 repeats elements, so a small file can ask for any amount of
 * memory: what is copied in all is held to a multiple of the file's size.
 */
export class TensorReader {
  private readonly done = new Map<TorchTensor, HostTensor>();
  private bytesLeft: number;

  constructor(
    private readonly file: string,
    fileSize: number,
  ) {
    this.bytesLeft = 8 * fileSize + 64 * 1024 * 1024;
  }

  /** @throws InputError where the storage is missing from the file, or the tensors grow out of all proportion to it */
  read(name: string, tensor: TorchTensor): HostTensor {
    const earlier = this.done.get(tensor);
    if (earlier !== undefined) {
      return earlier;
    }
    const { storage, shape, strides, offset } = tensor;
    const { element, bytes } = storage.source;
    const where = `${this.file}: tensor ${quoteName(name)} of shape ${formatShape(shape)}`;
    if (bytes === null) {
      throw new InputError(
        `${where} lies on storage ${quoteName(storage.key)}, which the file does not hold; ${again}.`,
      );
    }
    const count = elementCount(shape);
    this.bytesLeft -= count * decodedElementSize(element);
    if (!(this.bytesLeft >= 0)) {
      throw new InputError(`${where} repeats the file's few bytes beyond measure and is refused; ${again}.`);
    }
    const size = elementSize[element];
    const start = (storage.start + offset) * size;
    const packed =
      count === 0 || isContiguous(shape, strides)
        ? bytes.subarray(count === 0 ? 0 : start, count === 0 ? 0 : start + count * size)
        : gather(tensor, bytes, size, count);
    const host = decodeElements(element, packed, shape);
    this.done.set(tensor, host);
    return host;
  }
}
