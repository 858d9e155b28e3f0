import { InputError } from '../errors';

/** An object of a JSON file whose fields are not checked yet. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The objects of a list in a file.
 * @param where the file or object that holds the list, for messages
 * @throws InputError where the field is no list or holds anything but objects
 */
export function objectList(holder: JsonObject, field: string, where: string): JsonObject[] {
  const list = holder[field];
  if (!Array.isArray(list)) {
    throw new InputError(`${where}: "${field}" is ${kindOf(list)}: a list is needed`);
  }
  return requireObjects(list, `${where}: ${field}`);
}

/** @throws InputError where an entry of `list` is no object; `where` stands before its index */
export function requireObjects(list: readonly unknown[], where: string): JsonObject[] {
  return list.map((entry, i) => {
    if (!isObject(entry)) {
      throw new InputError(`${where}[${i}] is ${kindOf(entry)}: an object is needed`);
    }
    return entry;
  });
}

/** A whole number of at least `min`. @throws InputError "WHERE.FIELD is VALUE: …" */
export function integerField(
  entry: JsonObject,
  field: string,
  where: string,
  min: number = Number.MIN_SAFE_INTEGER,
): number {
  const value = entry[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    const needed = min === Number.MIN_SAFE_INTEGER ? 'a whole number' : `a whole number from ${min} on`;
    throw wrongField(value, field, where, needed);
  }
  return value;
}

/** A finite number of at least `min`. @throws InputError "WHERE.FIELD is VALUE: …" */
export function numberField(entry: JsonObject, field: string, where: string, min = -Infinity): number {
  const value = entry[field];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min) {
    throw wrongField(value, field, where, min === -Infinity ? 'a number' : `a number from ${min} on`);
  }
  return value;
}

/** A text that is not empty. @throws InputError "WHERE.FIELD is VALUE: …" */
export function textField(entry: JsonObject, field: string, where: string): string {
  const value = entry[field];
  if (typeof value !== 'string' || value === '') {
    throw new InputError(`${where}.${field} is ${shown(value)}: a name is needed`);
  }
  return value;
}

/** Whether a field is absent or null, which Python's writers put for "none". */
export function isMissing(entry: JsonObject, field: string): boolean {
  return entry[field] === undefined || entry[field] === null;
}

/**
 * @param list the list's name in the file
 * @throws InputError where two entries have the same id
 */
export function requireUniqueIds(ids: readonly number[], list: string, where: string): void {
  const seen = new Map<number, number>();
  ids.forEach((id, i) => {
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      throw new InputError(`${where}: ${list}[${earlier}] and ${list}[${i}] have the same id ${id}: make ids unique`);
    }
    seen.set(id, i);
  });
}

/** A value's kind, in words. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return 'missing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${shown(value)}`;
}

/** A value as the file has it, cut where it is long; one line. */
export function shown(value: unknown): string {
  if (value === undefined) {
    return 'missing';
  }
  // JSON has no word for 1e999, which it reads as Infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function wrongField(value: unknown, field: string, where: string, needed: string): InputError {
  const isText = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  return new InputError(`${where}.${field} is ${shown(value)}: ${needed} is needed${isText ? ', not text' : ''}`);
}
