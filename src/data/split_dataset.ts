import { InputError } from '../errors';
import type { DatasetImage } from '../eval/dataset';
import { readImageList } from './coco_lists';
import { requireListed } from './coco_object';
import { fileKind } from './file_kind';
import { integerField, isMissing, isObject, objectList, type JsonObject } from './json_fields';
import { splitItems } from './split';
import type { Warnings } from './warnings';

export interface SplitPart {
  readonly name: string;
  /** Of the images, above 0. */
  readonly share: number;
}

/** How images are kept together: each by itself, or by a part of their file name. */
export type Grouping =
  | { readonly by: 'image' }
  /** What stands before the first separator; without one, the name without its extension. */
  | { readonly by: 'separator'; readonly separator: string }
  /** The first capture of the pattern, or its whole match where it captures nothing. */
  | { readonly by: 'pattern'; readonly pattern: RegExp };

export interface SplitResult extends SplitPart {
  /** The file's object with the images and annotations of this part, all else as it was. */
  readonly file: JsonObject;
  readonly images: number;
  readonly objects: number;
  readonly groups: number;
}

/**
 * Splits a parsed COCO file. Images and annotations are those of the file, in its order and with all their fields.
 * Entries of `images` with one file name stay together whatever the grouping.
 * @param where the file, for messages, e.g. "annotation file all.json"
 * @param seed as `splitItems` has it
 * @throws InputError for a file of another kind, ids that are missing, repeated or unknown, an image without a file name,
 * and a part that would get no image
 */
export function splitDataset(
  value: unknown,
  where: string,
  parts: readonly SplitPart[],
  options: { readonly grouping: Grouping; readonly seed: number },
  warnings: Warnings,
): SplitResult[] {
  if (!isObject(value) || !('images' in value)) {
    throw new InputError(`${where} is ${fileKind(value).name}: an annotation file with "images" is needed`);
  }
  const images = readImageList(value, where, { complete: false });
  images.forEach(({ fileName }, i) => {
    if (fileName === '') {
      throw new InputError(`${where}: images[${i}].file_name is missing: the split goes by names`);
    }
  });
  const imageOf = annotationImages(value, where, images);
  const items = images.map(({ id, fileName }) => ({
    id,
    name: fileName,
    key: groupKey(fileName, options.grouping, warnings),
  }));
  const partOf = splitItems(
    items,
    parts.map(({ share }) => share),
    options.seed,
  );
  const partOfImage = new Map(images.map(({ id }, i) => [id, partOf[i]]));
  const groups = new Set(items.map(({ key }) => key)).size;
  return parts.map((part, p) => {
    const mine = objectList(value, 'images', where).filter((_, i) => partOf[i] === p);
    if (mine.length === 0) {
      const have = groups === images.length ? `${images.length} images` : `${groups} groups of images`;
      throw new InputError(
        `${where}: the part ${part.name} would get no image of ${have}: give it a larger share or leave it out`,
      );
    }
    const objects =
      imageOf === undefined
        ? undefined
        : objectList(value, 'annotations', where).filter((_, i) => partOfImage.get(imageOf[i]) === p);
    return {
      ...part,
      file: { ...value, images: mine, ...(objects === undefined ? {} : { annotations: objects }) },
      images: mine.length,
      objects: objects?.length ?? 0,
      groups: new Set(items.filter((_, i) => partOf[i] === p).map(({ key }) => key)).size,
    };
  });
}

/** The image of each annotation; undefined for a file that lists images only. */
function annotationImages(file: JsonObject, where: string, images: readonly DatasetImage[]): number[] | undefined {
  if (isMissing(file, 'annotations')) {
    return undefined;
  }
  const ids = objectList(file, 'annotations', where).map((entry, i) =>
    integerField(entry, 'image_id', `${where}: annotations[${i}]`),
  );
  requireListed({
    where,
    ids,
    place: (i) => `annotations[${i}].image_id`,
    known: images,
    list: '"images"',
    wayOut: '`engine data check` finds all such objects',
  });
  return ids;
}

function groupKey(fileName: string, grouping: Grouping, warnings: Warnings): string {
  switch (grouping.by) {
    case 'image':
      return fileName;
    case 'separator': {
      const end = fileName.indexOf(grouping.separator);
      return end < 0 ? fileName.replace(/\.[^./]*$/, '') : fileName.slice(0, end);
    }
    case 'pattern': {
      const match = grouping.pattern.exec(fileName);
      if (match === null) {
        warnings.add('file names that the pattern does not fit, each a group of its own', fileName);
        return fileName;
      }
      return match[1] ?? match[0];
    }
  }
}
