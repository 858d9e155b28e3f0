import type { Category, DatasetImage } from '../eval/dataset';
import { integerField, isMissing, objectList, requireUniqueIds, textField, type JsonObject } from './json_fields';

/** What a reader needs of the entries of `images`. */
export interface ImageFields {
  /** A file name and a size are needed; else "" and 0 stand for what is missing. */
  readonly complete: boolean;
}

/**
 * The field `images` of a COCO file.
 * @param where the file, for messages
 * @throws InputError for a missing or wrong field and an id used twice
 */
export function readImageList(file: JsonObject, where: string, { complete }: ImageFields): DatasetImage[] {
  const images = objectList(file, 'images', where).map((image, i): DatasetImage => {
    const at = `${where}: images[${i}]`;
    const has = (field: string) => complete || !isMissing(image, field);
    return {
      id: integerField(image, 'id', at),
      fileName: has('file_name') ? textField(image, 'file_name', at) : '',
      width: has('width') ? integerField(image, 'width', at, 1) : 0,
      height: has('height') ? integerField(image, 'height', at, 1) : 0,
    };
  });
  requireUniqueIds(
    images.map(({ id }) => id),
    'images',
    where,
  );
  return images;
}

/** The field `categories` of a COCO file; empty where it has none. Throws as `readImageList`. */
export function readCategoryList(file: JsonObject, where: string): Category[] {
  if (isMissing(file, 'categories')) {
    return [];
  }
  const categories = objectList(file, 'categories', where).map((category, i): Category => {
    const at = `${where}: categories[${i}]`;
    return { id: integerField(category, 'id', at), name: textField(category, 'name', at) };
  });
  requireUniqueIds(
    categories.map(({ id }) => id),
    'categories',
    where,
  );
  return categories;
}
