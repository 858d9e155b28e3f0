import { nearest } from '../../config/nearest';
import { InputError } from '../../errors';
import type { Category } from '../../eval/dataset';

/**
 * The categories to learn, in the order of their labels.
 * @param categories of the annotation file
 * @param names those to learn, in this order; null for all, in the order of their ids
 * @param path of the annotation file, for messages
 * @param wanted what asks for the names, e.g. "data.categories", as the beginning of a message
 * @throws InputError for a name that the file does not have, with the nearest one; for a name that it or the list has twice
 */
export function chooseCategories(
  categories: readonly Category[],
  names: readonly string[] | null,
  path: string,
  wanted: string,
): Category[] {
  const known = categories.map(({ name }) => name);
  const twice = repeated(known);
  if (twice !== undefined) {
    throw new InputError(
      `annotation file ${path} has two categories named "${twice}": give each a name of its own, or merge them`,
    );
  }
  if (names === null) {
    return [...categories].sort((a, b) => a.id - b.id);
  }
  const again = repeated(names);
  if (again !== undefined) {
    throw new InputError(`${wanted} names "${again}" twice: name each category once`);
  }
  return names.map((name) => {
    const category = categories.find((candidate) => candidate.name === name);
    if (category === undefined) {
      throw new InputError(`${wanted}: "${name}" is no category of ${path}, ${suggestion(name, known)}`);
    }
    return category;
  });
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

function suggestion(name: string, known: readonly string[]): string {
  const alike = nearest(name, known);
  if (alike !== null) {
    return `did you mean "${alike}"?`;
  }
  const shown = known.slice(0, 10).map((other) => `"${other}"`);
  return `which has ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}`;
}
