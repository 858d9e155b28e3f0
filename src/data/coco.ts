import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import type { Category, DatasetImage } from '../eval/dataset';
import { readCategoryList, readImageList } from './coco_lists';
import { readError } from './file_error';
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
 * used twice, and for an image root that does not hold the files
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
  await requireFiles(images, imageRoot, annotationPath);
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

async function requireFiles(images: readonly CocoImage[], imageRoot: string, annotationPath: string): Promise<void> {
  try {
    if (!(await stat(imageRoot)).isDirectory()) {
      throw new InputError(`image root ${imageRoot} is a file: name the folder that holds the images`);
    }
  } catch (error) {
    throw readError(error, 'image root', imageRoot);
  }
  const found = await Promise.all(
    images.map(({ path }) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = images.filter((_, i) => !found[i]).map(({ fileName }) => fileName);
  if (missing.length > 0) {
    const names = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : '');
    throw new InputError(
      `image root ${imageRoot} lacks ${missing.length} of the ${images.length} images of ${annotationPath} (${names}): ` +
        'name the folder that "file_name" starts from',
    );
  }
}
