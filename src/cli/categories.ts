import { InputError } from '../errors';
import type { Category } from '../eval/dataset';

/**
 * The dataset's category for each label 1, 2, … of the model: as the configuration says; else, where an annotation file
 * has as many categories as the model has classes, those in the order of their ids; else the label itself.
 * @param classes with the background
 */
export function categoriesOfLabels(
  classes: number,
  config: { readonly classNames: readonly string[] | null; readonly categoryIds: readonly number[] | null },
  dataset: { readonly path: string; readonly categories: readonly Category[] } | null,
): Category[] {
  const labels = Array.from({ length: classes - 1 }, (_, i) => i + 1);
  const known = [...(dataset?.categories ?? [])].sort((a, b) => a.id - b.id);
  const names = new Map(known.map(({ id, name }) => [id, name]));
  let ids = config.categoryIds ?? labels;
  if (dataset !== null && known.length > 0 && !known.every(({ id }) => ids.includes(id))) {
    if (known.length !== labels.length) {
      throw new InputError(
        `${dataset.path} has ${known.length} categories and the model ${labels.length} classes without the background: ` +
          'give weights that were trained for these categories, or state `category_ids` in the configuration',
      );
    }
    ids = known.map(({ id }) => id);
  }
  return labels.map((label, i) => ({
    id: ids[i],
    name: names.get(ids[i]) ?? config.classNames?.[i] ?? `class ${label}`,
  }));
}
