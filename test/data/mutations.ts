import * as fc from 'fast-check';

/** Values of every kind that a field of a JSON file can wrongly hold. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -1,
  2.5,
  1e300,
  1e999,
  '',
  '7',
  'text\nof two lines',
  [],
  {},
  [[]],
  [null],
  [1],
  [1, 2, 3, 4],
  [-1e9, 2, 1e9, 4],
  [['1', '2', '3', '4', '5', '6']],
  [[1, 2, 3, 4, 5, 6, 7]],
  { size: [1, 1], counts: [1] },
  { size: [1, 1], counts: 'b' },
  { size: ['1', 1], counts: [1] },
  { size: [1e9, 1e9], counts: [1e18] },
  { size: [4, 5], counts: '\u00e9~' },
  { counts: [20] },
];

type Path = readonly (string | number)[];

/** All places in a JSON value, the root first. */
function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) {
    return [path];
  }
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key]))];
}

/** A copy with another value in one place; undefined deletes it. */
function changed(root: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return value;
  }
  const copy = (Array.isArray(root) ? [...(root as unknown[])] : { ...(root as object) }) as Record<
    string | number,
    unknown
  >;
  const next = changed(copy[key], rest, value);
  if (next !== undefined) {
    copy[key] = next;
  } else if (Array.isArray(copy)) {
    copy.splice(key as number, 1);
  } else {
    delete copy[key];
  }
  return copy;
}

/**
 * Texts near a valid JSON file: one to three fields deleted or replaced by values of another kind, and sometimes the
 * text cut or one character changed.
 */
export function mutatedTexts(valid: unknown): fc.Arbitrary<string> {
  const replacement = fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.constantFrom(...VALUES) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const change = fc.record({ at: fc.nat(), value: replacement });
  const mutated = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let root = valid;
    for (const { at, value } of changes) {
      const all = places(root);
      root = changed(root, all[at % all.length], value);
    }
    return JSON.stringify(root) ?? '';
  });
  const cut = fc.tuple(mutated, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  const scratched = fc
    .tuple(mutated, fc.nat(), fc.constantFrom('NaN', ',', '}', '"', '\\', '\u0000', '9'))
    .map(([text, at, piece]) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + piece + text.slice(position + 1);
    });
  return fc.oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 1, arbitrary: cut },
    { weight: 2, arbitrary: scratched },
  );
}
