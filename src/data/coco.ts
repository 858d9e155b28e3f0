import { join } from 'node:path';
import { InputError } from '../errors';
import type { Category, DatasetImage } from '../eval/dataset';
import { readCategoryList, readImageList } from './coco_lists';
import { requireImageFiles } from './dataset_image';
import { fileKind } from './file_kind';
import { isObject, type JsonObject } from './json_fields';
import { readJsonFile } from './json_file';

/** An image of an annotation file; its size is the one that the file states, the picture's own shows when it is decoded. */
export interface CocoImage extends DatasetImage {
  /** Where the file lies: the image root joined with `fileName`. */
  readonly path: string;
}

export interface CocoImages {
  readonly images: CocoImage[];
  /** Empty where the annotation file has none (a file that lists images only). */
  readonly categories: Category[];
}

/**
 * Reads the images and categories of a COCO annotation file and checks that every image lies below `imageRoot`.
 * @throws InputError for a file that is missing or not JSON, of another form, with a missing or wrong field or an id
 * used twice, and for an image folder that does not hold the files
 */
export async function readCocoImages(annotationPath: string, imageRoot: string): Promise<CocoImages> {
  const what = `annotation file ${annotationPath}`;
  const file = cocoObject(await readJsonFile(annotationPath, 'annotation file'), what);
  const images = readImageList(file, what, { complete: true }).map((image) => ({
    ...image,
    path: join(imageRoot, image.fileName),
  }));
  if (images.length === 0) {
    throw new InputError(`${what} lists no images: its field "images" is an empty list`);
  }
  const categories = readCategoryList(file, what);
  await requireImageFiles(imageRoot, images, annotationPath);
  return { images, categories };
}

function cocoObject(value: unknown, what: string): JsonObject {
  if (!isObject(value) || !('images' in value)) {
    throw new InputError(
      `${what} is ${fileKind(value).name}, but an annotation file with the field "images" is needed`,
    );
  }
  return value;
}
