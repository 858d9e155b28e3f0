import { InputError } from '../errors';
import type { DatasetImage } from '../eval/dataset';
import { fileKind } from './file_kind';
import { Findings } from './findings';
import { isMissing, isObject, kindOf, shown, type JsonObject } from './json_fields';
import { ObjectChecker } from './object_check';

/** What is known of a file after its check. */
export interface CheckedDataset {
  readonly findings: Findings;
  /** Those with a sound id; "" and 0 stand for fields that are missing or wrong. */
  readonly images: readonly DatasetImage[];
  readonly imageCount: number;
  readonly objectCount: number;
  readonly categoryCount: number;
}

/**
 * Checks a parsed COCO file and goes on after a problem. Problems are what a reader refuses or what spoils training and
 * figures; notes are worth a look.
 * @param where the file, for messages, e.g. "annotation file train.json"
 * @throws InputError where it is no dataset at all: another kind of file, or `images` or `annotations` is no list
 */
export function checkDataset(value: unknown, where: string): CheckedDataset {
  const { kind, name } = fileKind(value);
  if (kind !== 'dataset' || !isObject(value)) {
    throw new InputError(`${where} is ${name}: a COCO annotation file with "images" and "annotations" is needed`);
  }
  const imageEntries = listOf(value, 'images', where);
  const annotations = listOf(value, 'annotations', where);
  const categoryEntries = isMissing(value, 'categories') ? [] : listOf(value, 'categories', where);
  const findings = new Findings();
  const images = checkImages(imageEntries, findings);
  const categories = checkCategories(categoryEntries, findings);
  if (categoryEntries.length === 0) {
    findings.problem('no categories', 'the field "categories"');
  }
  const objects = new ObjectChecker(images, categories, findings);
  forEachObject(annotations, 'annotations', findings, (entry, place) => {
    objects.check(entry, place);
  });
  for (const { id, fileName } of images.values()) {
    if (!objects.usedImages.has(id)) {
      findings.note('images without objects', fileName === '' ? `image ${id}` : fileName);
    }
  }
  for (const [id, name] of categories) {
    if (!objects.usedCategories.has(id)) {
      findings.note('categories without objects', `${name} (id ${id})`);
    }
  }
  return {
    findings,
    images: [...images.values()],
    imageCount: imageEntries.length,
    objectCount: annotations.length,
    categoryCount: categoryEntries.length,
  };
}

function listOf(file: JsonObject, field: string, where: string): unknown[] {
  const list = file[field];
  if (!Array.isArray(list)) {
    throw new InputError(`${where}: "${field}" is ${kindOf(list)}: a COCO annotation file needs a list`);
  }
  return list as unknown[];
}

function forEachObject(
  list: readonly unknown[],
  field: string,
  findings: Findings,
  visit: (entry: JsonObject, place: string) => void,
): void {
  list.forEach((entry, i) => {
    if (isObject(entry)) {
      visit(entry, `${field}[${i}]`);
    } else {
      findings.problem(`entries of "${field}" that are no objects`, `${field}[${i}]`);
    }
  });
}

function checkImages(list: readonly unknown[], findings: Findings): Map<number, DatasetImage> {
  const images = new Map<number, DatasetImage>();
  const names = new Set<string>();
  forEachObject(list, 'images', findings, (entry, place) => {
    const { file_name: name, width, height } = entry;
    const fileName = typeof name === 'string' ? name : '';
    if (fileName === '') {
      findings.problem('images without a file name', place);
    } else if (names.has(fileName)) {
      findings.problem('file names of more than one image', `${place} ${fileName}`);
    }
    names.add(fileName);
    const isSized = isSide(width) && isSide(height);
    if (!isSized) {
      findings.problem('images without a width and height that are whole numbers from 1 on', place);
    }
    const id = checkId(entry, place, 'images', images, findings);
    if (id !== undefined) {
      images.set(id, { id, fileName, width: isSized ? width : 0, height: isSized ? height : 0 });
    }
  });
  if (list.length === 0) {
    findings.problem('no images', 'the field "images"');
  }
  return images;
}

function checkCategories(list: readonly unknown[], findings: Findings): Map<number, string> {
  const categories = new Map<number, string>();
  const names = new Set<string>();
  forEachObject(list, 'categories', findings, (entry, place) => {
    const name = typeof entry.name === 'string' ? entry.name : '';
    if (name === '') {
      findings.problem('categories without a name', place);
    } else if (names.has(name)) {
      findings.problem('names of more than one category', `${place} ${name}`);
    }
    names.add(name);
    const id = checkId(entry, place, 'categories', categories, findings);
    if (id !== undefined) {
      categories.set(id, name);
    }
  });
  return categories;
}

/** The id where it is sound and new. */
function checkId(
  entry: JsonObject,
  place: string,
  field: string,
  known: ReadonlyMap<number, unknown>,
  findings: Findings,
): number | undefined {
  const { id } = entry;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
    findings.problem(`ids of "${field}" that are no whole numbers`, `${place}.id is ${shown(id)}`);
    return undefined;
  }
  if (known.has(id)) {
    findings.problem(`ids that are used twice in "${field}"`, `${place}.id is ${id}`);
    return undefined;
  }
  return id;
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}
