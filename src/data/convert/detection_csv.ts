import { readFile } from 'node:fs/promises';
import Papa from 'papaparse';
import { InputError } from '../../errors';
import type { Category, DatasetImage } from '../../eval/dataset';
import type { XywhBox } from '../../eval/rle';
import { readError } from '../file_error';
import type { Warnings } from '../warnings';
import { writeFile } from '../write_file';
import type { GroundTruth } from './coco_files';
import { imageFields, pixels, type Convertible, type ConvertibleObject } from './convertible';
import { stemOf } from './image_index';

const IMAGE_COLUMN = 'image_id';
const BOXES_COLUMN = 'PredictionString';
const NUMBERS = ['score', 'xmin', 'ymin', 'xmax', 'ymax'] as const;

interface Row {
  readonly image: string;
  readonly boxes: readonly { readonly label: string; readonly score: number; readonly box: XywhBox }[];
  /** "line 3 of FILE" */
  readonly place: string;
}

/**
 * Reads a detection CSV: columns `image_id` and `PredictionString`, which is `label score xmin ymin xmax ymax` again and
 * again, empty for an image without detections. Corners are in pixels as COCO counts them (a box from 0 to 1 covers the
 * first pixel): width = xmax - xmin.
 *
 * With a ground truth, `image_id` is found among its images by file name, by file name without extension or by id, and a
 * label among its categories by name or id. Without, whole numbers are taken as ids; where some are none, `named` says
 * whether numbers from 1 are given in their place, and categories by the order of their names.
 *
 * @throws InputError for a file that is no such CSV (with its line and field), and for an image or label that is not
 * known
 */
export async function readDetectionCsv(
  path: string,
  named: boolean,
  warnings: Warnings,
  groundTruth?: GroundTruth,
): Promise<Convertible> {
  const rows = await readRows(path);
  const { header, images, categories } =
    groundTruth === undefined ? ownLists(rows, named, path) : { header: groundTruth.header, ...groundTruth.dataset };
  const imageIds = keysOfImages(images);
  const categoryIds = keysOfCategories(categories);
  const seen = new Set<number>();
  const objects = rows.flatMap(({ image, boxes, place }): ConvertibleObject[] => {
    const imageId = imageIds.get(image);
    if (imageId === undefined) {
      throw new InputError(
        `${place}: ${IMAGE_COLUMN} "${image}" is no image of the annotation file: do they belong together?`,
      );
    }
    if (seen.has(imageId)) {
      warnings.add('images with several lines, taken together', place);
    }
    seen.add(imageId);
    return boxes.map(({ label, score, box }) => {
      const categoryId = categoryIds.get(label);
      if (categoryId === undefined) {
        throw new InputError(`${place}: label "${label}" is no category of the annotation file, by name or id`);
      }
      const fields = { image_id: imageId, category_id: categoryId, bbox: box, score };
      return { fields, imageId, categoryId, box, isCrowd: false, score };
    });
  });
  return { kind: 'results', header, images, categories, objects };
}

async function readRows(path: string): Promise<Row[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw readError(error, 'detection CSV', path);
  });
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\ufeff/, ''), { delimitersToGuess: [',', ';', '\t'] });
  const fault = errors.find(({ type }) => type === 'Quotes');
  if (fault !== undefined) {
    throw new InputError(
      `detection CSV ${path}: line ${(fault.row ?? 0) + 1} has an open or misplaced quotation mark: mend or export it again`,
    );
  }
  if (data.length === 0) {
    throw new InputError(`detection CSV ${path} is empty: columns ${IMAGE_COLUMN} and ${BOXES_COLUMN} are needed`);
  }
  const columns = data[0].map((name) => name.trim());
  const [image, boxes] = [IMAGE_COLUMN, BOXES_COLUMN].map((column) => columns.indexOf(column));
  if (image < 0 || boxes < 0) {
    const found = columns.map((name) => name.slice(0, 30)).slice(0, 6);
    throw new InputError(
      `detection CSV ${path} begins with "${found.join(', ')}": columns ${IMAGE_COLUMN} and ${BOXES_COLUMN} are needed`,
    );
  }
  return data.slice(1).flatMap((row, i): Row[] => {
    const place = `detection CSV ${path}: line ${i + 2}`;
    if (row.every((field) => field.trim() === '')) {
      return [];
    }
    const name = (row[image] ?? '').trim();
    if (name === '') {
      throw new InputError(`${place} has no ${IMAGE_COLUMN}: name the image`);
    }
    return [{ image: name, boxes: readBoxes(row[boxes] ?? '', place), place }];
  });
}

function readBoxes(text: string, place: string): Row['boxes'] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length % 6 !== 0) {
    throw new InputError(
      `${place}: ${BOXES_COLUMN} has ${words.length} words: six for each box are needed (label ${NUMBERS.join(' ')})`,
    );
  }
  return Array.from({ length: words.length / 6 }, (_, b) => {
    const [label, ...texts] = words.slice(6 * b, 6 * b + 6);
    const [score, xmin, ymin, xmax, ymax] = texts.map((word, k) => {
      const value = Number(word);
      if (!Number.isFinite(value)) {
        throw new InputError(`${place}: ${NUMBERS[k]} of box ${b + 1} is "${word.slice(0, 40)}": a number is needed`);
      }
      return value;
    });
    if (xmax < xmin || ymax < ymin) {
      throw new InputError(
        `${place}: box ${b + 1} ends before it begins (x ${xmin} to ${xmax}, y ${ymin} to ${ymax}): are these corners?`,
      );
    }
    return { label, score, box: [xmin, ymin, pixels(xmax - xmin), pixels(ymax - ymin)] as const };
  });
}

function ownLists(
  rows: readonly Row[],
  named: boolean,
  path: string,
): { header: Convertible['header']; images: DatasetImage[]; categories: Category[] } {
  const imageNames = [...new Set(rows.map(({ image }) => image))];
  const labels = [...new Set(rows.flatMap(({ boxes }) => boxes.map(({ label }) => label)))].sort();
  const idsOf = (names: readonly string[], what: string): number[] => {
    if (names.every((name) => /^\d{1,15}$/.test(name))) {
      return names.map(Number);
    }
    if (!named) {
      const name = names.find((other) => !/^\d{1,15}$/.test(other)) ?? '';
      throw new InputError(
        `detection CSV ${path} has the ${what} "${name}", but results need its id: give the annotation file as --gt`,
      );
    }
    return names.map((_, i) => i + 1);
  };
  const imageIds = idsOf(imageNames, IMAGE_COLUMN);
  const categoryIds = idsOf(labels, 'label');
  const images = imageNames.map((fileName, i) => ({ id: imageIds[i], fileName, width: 0, height: 0 }));
  const categories = labels.map((name, i) => ({ id: categoryIds[i], name }));
  return { header: { images: images.map(imageFields), categories }, images, categories };
}

/** Every name by which a CSV may call an image; where two clash, file names come before stems, stems before ids. */
function keysOfImages(images: readonly DatasetImage[]): Map<string, number> {
  return new Map([
    ...images.map(({ id }) => [String(id), id] as const),
    ...images.map(({ id, fileName }) => [stemOf(fileName), id] as const),
    ...images.map(({ id, fileName }) => [fileName, id] as const),
  ]);
}

function keysOfCategories(categories: readonly Category[]): Map<string, number> {
  return new Map([
    ...categories.map(({ id }) => [String(id), id] as const),
    ...categories.map(({ id, name }) => [labelOf(name), id] as const),
  ]);
}

/** A class's name as one word. */
function labelOf(name: string): string {
  return name.trim().replace(/\s+/g, '_');
}

/**
 * Writes a detection CSV as `readDetectionCsv` has it, coordinates rounded to 10^-6 pixel: a line for each image, which is
 * called by its file name without extension where that is known and no other image's, else by its id; labels are names of
 * classes where they are known, else ids.
 * @param warnings counts names of classes that had to become one word
 */
export async function writeDetectionCsv(path: string, data: Convertible, warnings: Warnings): Promise<void> {
  const stems = new Map<string, number>();
  data.images.forEach(({ fileName }) => stems.set(stemOf(fileName), (stems.get(stemOf(fileName)) ?? 0) + 1));
  const names = new Map(
    data.images.map(({ id, fileName }) => {
      const stem = stemOf(fileName);
      return [id, stem !== '' && stems.get(stem) === 1 ? stem : fileName || String(id)];
    }),
  );
  const labels = new Map(data.categories.map(({ id, name }) => [id, labelOf(name)]));
  data.categories
    .filter(({ name }) => labelOf(name) !== name)
    .forEach(({ name }) => {
      warnings.add('names of classes with spaces, which became _', name);
    });
  const lines = new Map<number, string[]>(data.images.map(({ id }) => [id, []]));
  for (const { imageId, categoryId, score, box } of data.objects) {
    const [x, y, width, height] = box;
    const corners = [x, y, x + width, y + height].map(pixels);
    const words = lines.get(imageId) ?? [];
    words.push([labels.get(categoryId) ?? String(categoryId), score, ...corners].join(' '));
    lines.set(imageId, words);
  }
  const rows = [...lines].map(([id, words]) => [names.get(id) ?? String(id), words.join(' ')]);
  await writeFile(path, `${Papa.unparse({ fields: [IMAGE_COLUMN, BOXES_COLUMN], data: rows }, { newline: '\n' })}\n`);
}
