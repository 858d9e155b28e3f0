/** A Python tuple (or torch.Size). */
export class PickleTuple {
  constructor(readonly items: PickleValue[]) {}
}

/** A Python dict, OrderedDict or Counter. Keys that are not scalars are compared by identity. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** A Python set or frozenset. */
export class PickleSet {
  readonly items = new Set<PickleValue>();
}

/** A name on the allow-list. Only those with `call` may be called, and the call is ours: no Python is run. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call: ((args: PickleValue[]) => PickleValue) | null = null,
  ) {}
}

/** A value that the host's table of globals made, such as a tensor; opaque to the unpickler. */
export abstract class PickleOpaque {
  abstract readonly kind: string;
}

/** Lists are arrays, bytes Uint8Array, None null; whole numbers are bigint only beyond 2^53. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleOpaque;

/** What a value is, in a word, for messages. */
export function kindOfValue(value: PickleValue | undefined): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (value === null) {
    return 'None';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  if (value instanceof Uint8Array) {
    return 'bytes';
  }
  if (value instanceof PickleTuple) {
    return 'a tuple';
  }
  if (value instanceof PickleDict) {
    return 'a dict';
  }
  if (value instanceof PickleSet) {
    return 'a set';
  }
  if (value instanceof PickleGlobal) {
    return value.name;
  }
  if (value instanceof PickleOpaque) {
    return value.kind;
  }
  return typeof value === 'string' ? 'a string' : typeof value === 'boolean' ? 'a boolean' : 'a number';
}
