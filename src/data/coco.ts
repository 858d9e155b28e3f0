import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import { readError } from './file_error';
import { readJsonFile } from './json_file';

export interface CocoImage {
  /** The annotation file's own id, as every output carries it. */
  readonly id: number;
  /** `file_name` as the annotation file has it. */
  readonly fileName: string;
  /** Where the file lies: the image root joined with `fileName`. */
  readonly path: string;
  /** Pixels, as the annotation file says; the file's own size shows when it is decoded. */
  readonly width: number;
  readonly height: number;
}

export interface CocoCategory {
  readonly id: number;
  readonly name: string;
}

export interface CocoImages {
  readonly images: CocoImage[];
  /** Empty where the annotation file has none (a file that lists images only). */
  readonly categories: CocoCategory[];
}

type JsonObject = Record<string, unknown>;

/**
 * Reads the images and categories of a COCO annotation file and checks that every image lies below `imageRoot`.
 * @throws InputError for a file that is missing or not JSON, of another form, with a missing or wrong field or an id
 * used twice, and for an image root that does not hold the files
 */
export async function readCocoImages(annotationPath: string, imageRoot: string): Promise<CocoImages> {
  const what = `annotation file ${annotationPath}`;
  const file = cocoObject(await readJsonFile(annotationPath, 'annotation file'), what);
  const images = listOf(file, 'images', what).map((image, i) => readImage(image, imageRoot, `${what}: images[${i}]`));
  if (images.length === 0) {
    throw new InputError(`${what} lists no images: its field "images" is an empty list`);
  }
  requireUnique(images, 'images', what);
  const categories =
    file.categories === undefined
      ? []
      : listOf(file, 'categories', what).map((category, i) => readCategory(category, `${what}: categories[${i}]`));
  requireUnique(categories, 'categories', what);
  await requireFiles(images, imageRoot, annotationPath);
  return { images, categories };
}

function cocoObject(value: unknown, what: string): JsonObject {
  if (Array.isArray(value)) {
    const first: unknown = value[0];
    const isResults = isObject(first) && 'image_id' in first;
    throw new InputError(
      isResults
        ? `${what} is a results list (predictions), which names no files: give the annotation file with "images"`
        : `${what} is a list: an object with "images" is needed`,
    );
  }
  if (!isObject(value) || !('images' in value)) {
    throw new InputError(`${what} has no field "images": a COCO annotation file is needed`);
  }
  return value;
}

function listOf(file: JsonObject, field: string, what: string): JsonObject[] {
  const list = file[field];
  if (!Array.isArray(list)) {
    throw new InputError(`${what}: "${field}" is ${kindOf(list)}: a list is needed`);
  }
  return list.map((entry: unknown, i) => {
    if (!isObject(entry)) {
      throw new InputError(`${what}: ${field}[${i}] is ${kindOf(entry)}: an object is needed`);
    }
    return entry;
  });
}

function readImage(image: JsonObject, imageRoot: string, where: string): CocoImage {
  const fileName = textField(image, 'file_name', where);
  return {
    id: integerField(image, 'id', where, Number.MIN_SAFE_INTEGER),
    fileName,
    path: join(imageRoot, fileName),
    width: integerField(image, 'width', where, 1),
    height: integerField(image, 'height', where, 1),
  };
}

function readCategory(category: JsonObject, where: string): CocoCategory {
  return {
    id: integerField(category, 'id', where, Number.MIN_SAFE_INTEGER),
    name: textField(category, 'name', where),
  };
}

function integerField(entry: JsonObject, field: string, where: string, min: number): number {
  const value = entry[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    const needed = min === 1 ? 'a whole number from 1 on' : 'a whole number';
    throw new InputError(`${where}.${field} is ${shown(value)}: ${needed} is needed`);
  }
  return value;
}

function textField(entry: JsonObject, field: string, where: string): string {
  const value = entry[field];
  if (typeof value !== 'string' || value === '') {
    throw new InputError(`${where}.${field} is ${shown(value)}: a name is needed`);
  }
  return value;
}

function requireUnique(entries: readonly { id: number }[], field: string, what: string): void {
  const seen = new Map<number, number>();
  entries.forEach(({ id }, i) => {
    const earlier = seen.get(id);
    if (earlier !== undefined) {
      throw new InputError(`${what}: ${field}[${earlier}] and ${field}[${i}] have the same id ${id}: make ids unique`);
    }
    seen.set(id, i);
  });
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

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return 'missing';
  }
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'an object'
      : `the ${typeof value} ${shown(value)}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40);
}
