import { InputError } from '../errors';
import type { DatasetImage, Segmentation } from '../eval/dataset';
import { rleFromCoco, rleFromPolygons, rleToBbox, type CocoRle, type Rle, type XywhBox } from '../eval/rle';
import { integerField, isMissing, isObject, kindOf, shown, type JsonObject } from './json_fields';
import type { Warnings } from './warnings';

/** Runs are counted in 32 bits. */
const MAX_MASK_PIXELS = 2 ** 32 - 1;
/** How far, in pixels, a box may reach outside its image before it is told: what rounding makes stays silent. */
const BOX_TOLERANCE = 0.5;

const DEGENERATE = 'polygons of fewer than 3 points, left out';
const OUTSIDE = 'boxes that reach outside their image, kept as they are';

/** One object of a COCO file, annotation or prediction, and what is needed to read it. */
export interface CocoObject {
  readonly entry: JsonObject;
  /** The file and the entry's place in it, for errors, e.g. "annotation file train.json: annotations[3]". */
  readonly where: string;
  /** The same in short, for warnings, e.g. "annotations[3] of train.json". */
  readonly place: string;
  /** The image that it lies in, where it is known. */
  readonly image?: DatasetImage;
}

/**
 * The field `bbox` as x, y, width, height; undefined where it is missing or an empty list. A box that reaches outside
 * its image is kept and counted.
 * @throws InputError for anything but four finite numbers, and for a negative width or height
 */
export function readBox({ entry, where, place, image }: CocoObject, warnings: Warnings): XywhBox | undefined {
  const box = entry.bbox;
  if (isMissing(entry, 'bbox') || (Array.isArray(box) && box.length === 0)) {
    return undefined;
  }
  if (!isNumbers(box) || box.length !== 4) {
    throw new InputError(`${where}.bbox is ${shown(box)}: four numbers x, y, width, height are needed`);
  }
  const [x, y, width, height] = box;
  if (width < 0 || height < 0) {
    throw new InputError(
      `${where}.bbox is ${shown(box)}: width and height must not be negative (is it x1, y1, x2, y2 of other corners?)`,
    );
  }
  if (image !== undefined && image.width > 0 && image.height > 0) {
    const over = Math.max(-x, -y, x + width - image.width, y + height - image.height);
    if (over > BOX_TOLERANCE) {
      warnings.add(OUTSIDE, place);
    }
  }
  return [x, y, width, height];
}

/** The field `iscrowd`, false where it is missing. @throws InputError for anything but 0, 1, false and true */
export function readCrowd({ entry, where }: CocoObject): boolean {
  const value = entry.iscrowd ?? 0;
  if (value === 0 || value === 1 || typeof value === 'boolean') {
    return Boolean(value);
  }
  throw new InputError(`${where}.iscrowd is ${shown(value)}: 0 or 1 is needed`);
}

/**
 * The field `segmentation`, its form checked; undefined where it is missing or an empty list, as files of boxes have
 * it. Polygons of fewer than 3 points are left out and counted; an object all of whose polygons are such keeps an empty
 * list.
 * @throws InputError for anything but polygons and run lengths
 */
export function readSegmentation({ entry, where, place }: CocoObject, warnings: Warnings): Segmentation | undefined {
  const value = entry.segmentation;
  if (isMissing(entry, 'segmentation') || (Array.isArray(value) && value.length === 0)) {
    return undefined;
  }
  if (isObject(value)) {
    return readRle(value, `${where}.segmentation`);
  }
  if (!Array.isArray(value)) {
    throw new InputError(`${where}.segmentation is ${kindOf(value)}: polygons or run lengths are needed`);
  }
  if (typeof value[0] === 'number') {
    throw new InputError(
      `${where}.segmentation is one list of numbers: a list of polygons is needed, [[x0, y0, x1, y1, …]]`,
    );
  }
  const polygons = value.map((polygon: unknown, i) => requirePolygon(polygon, `${where}.segmentation[${i}]`));
  const proper = polygons.filter((polygon) => polygon.length >= 6);
  for (let i = proper.length; i < polygons.length; i++) {
    warnings.add(DEGENERATE, place);
  }
  return proper;
}

/**
 * The mask of a segmentation, of its image's size, as pycocotools' `annToRLE` has it.
 * @param help how the user gives the image's size where the file lacks it, as the end of a sentence
 * @throws InputError where polygons belong to an image of unknown size, where runs do not cover the image, and where
 * their size is not the image's
 */
export function maskOf(segmentation: Segmentation, { where, image }: CocoObject, help: string): Rle {
  const at = `${where}.segmentation`;
  if (!('counts' in segmentation)) {
    const { width, height } = requireSize(image, where, help);
    return located(at, () => rleFromPolygons(segmentation, height, width));
  }
  const [height, width] = segmentation.size;
  const isKnown = image !== undefined && image.width > 0 && image.height > 0;
  if (isKnown && (image.width !== width || image.height !== height)) {
    throw new InputError(
      `${at}.size is [${height}, ${width}], but image ${image.id} has ${image.width}x${image.height} pixels ` +
        `([${image.height}, ${image.width}]): make masks of the image's own size`,
    );
  }
  return located(at, () => rleFromCoco(segmentation));
}

/** The box around a segmentation: the extent of its polygons' points, or the tight box of its mask. */
export function boxAround(segmentation: Segmentation, mask: () => Rle): XywhBox {
  if ('counts' in segmentation) {
    return rleToBbox(mask());
  }
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const polygon of segmentation) {
    for (let i = 0; i + 1 < polygon.length; i += 2) {
      left = Math.min(left, polygon[i]);
      right = Math.max(right, polygon[i]);
      top = Math.min(top, polygon[i + 1]);
      bottom = Math.max(bottom, polygon[i + 1]);
    }
  }
  return segmentation.length === 0 ? [0, 0, 0, 0] : [left, top, right - left, bottom - top];
}

/** Ids that the entries of a file name, and what must hold them. */
export interface References {
  /** The file, for messages. */
  readonly where: string;
  /** Of each entry, in order. */
  readonly ids: readonly number[];
  /** An entry's field, e.g. "annotations[3].image_id". */
  readonly place: (i: number) => string;
  readonly known: Iterable<{ readonly id: number }>;
  /** What `known` stands for, e.g. `"images"`. */
  readonly list: string;
  readonly wayOut: string;
}

/** @throws InputError where an id is not known; it names the first and counts the others */
export function requireListed({ where, ids, place, known, list, wayOut }: References): void {
  const knownIds = new Set(Array.from(known, ({ id }) => id));
  const first = ids.findIndex((id) => !knownIds.has(id));
  if (first < 0) {
    return;
  }
  const others = ids.filter((id) => !knownIds.has(id)).length - 1;
  const more = others > 0 ? ` (${others} more are unknown)` : '';
  throw new InputError(`${where}: ${place(first)} is ${ids[first]}, which ${list} does not list${more}: ${wayOut}`);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isFinite(entry));
}

function requirePolygon(value: unknown, at: string): readonly number[] {
  if (!isNumbers(value)) {
    const wrong = Array.isArray(value) ? value.findIndex((entry) => !Number.isFinite(entry)) : -1;
    throw new InputError(
      Array.isArray(value)
        ? `${at}[${wrong}] is ${shown(value[wrong])}: a polygon is a list of numbers, [x0, y0, x1, y1, …]`
        : `${at} is ${kindOf(value)}: a polygon is a list of numbers, [x0, y0, x1, y1, …]`,
    );
  }
  if (value.length % 2 !== 0) {
    throw new InputError(`${at} has ${value.length} numbers: x and y of each point are needed, an even number`);
  }
  return value;
}

function readRle(value: JsonObject, at: string): CocoRle {
  const { size, counts } = value;
  if (!Array.isArray(size) || size.length !== 2) {
    throw new InputError(`${at}.size is ${shown(size)}: run lengths need [height, width]`);
  }
  const extent = { height: size[0] as unknown, width: size[1] as unknown };
  const height = integerField(extent, 'height', `${at}.size`, 1);
  const width = integerField(extent, 'width', `${at}.size`, 1);
  if (height * width > MAX_MASK_PIXELS) {
    throw new InputError(`${at}.size is ${shown(size)}: a mask has at most ${MAX_MASK_PIXELS} pixels`);
  }
  if (typeof counts !== 'string' && !Array.isArray(counts)) {
    throw new InputError(`${at}.counts is ${kindOf(counts)}: a compressed string or a list of counts is needed`);
  }
  return { size: [height, width], counts: typeof counts === 'string' ? counts : requireCounts(counts, `${at}.counts`) };
}

function requireCounts(counts: readonly unknown[], at: string): readonly number[] {
  const wrong = counts.findIndex((count) => !Number.isInteger(count) || (count as number) < 0);
  if (wrong >= 0) {
    throw new InputError(`${at}[${wrong}] is ${shown(counts[wrong])}: a whole number from 0 on is needed`);
  }
  return counts as readonly number[];
}

function requireSize(image: DatasetImage | undefined, where: string, help: string): DatasetImage {
  if (image === undefined || image.width === 0 || image.height === 0) {
    const which = image === undefined ? 'its image' : `image ${image.id}`;
    throw new InputError(`${where} has polygons, but the width and height of ${which} are not known: ${help}`);
  }
  if (image.width * image.height > MAX_MASK_PIXELS) {
    throw new InputError(
      `${where} lies in an image of ${image.width}x${image.height} pixels: a mask has at most ${MAX_MASK_PIXELS}`,
    );
  }
  return image;
}

/** Runs `work`, whose InputErrors do not know where the values come from. */
function located<T>(at: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${at}: ${error.message}`) : error;
  }
}
