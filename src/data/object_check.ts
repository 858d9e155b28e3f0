import { InputError } from '../errors';
import type { DatasetImage, Segmentation } from '../eval/dataset';
import { crossesItself, pointsOf } from '../eval/polygon_crossing';
import { rleArea, rleToBbox, rleToString, type Rle, type XywhBox } from '../eval/rle';
import { polygonArea } from '../eval/shape/hull';
import { boxAround, maskOf, readBox, readSegmentation, type CocoObject } from './coco_object';
import type { Findings } from './findings';
import { isMissing, shown, type JsonObject } from './json_fields';
import { Warnings } from './warnings';

/** How far a box or polygon may reach outside its image, in pixels, before it is told. */
const OUTSIDE_TOLERANCE = 0.5;
/** How far the sides of a box may lie from those of its outline: pixels, and a share of the outline's longer side. */
const BOX_TOLERANCE = { pixels: 2, share: 0.1 };
/** How far an area may be from that of its outline or mask: pixels, and a share of it. */
const AREA_TOLERANCE = { pixels: 2, share: 0.05 };

/** Checks the entries of `annotations` one after another. */
export class ObjectChecker {
  readonly usedImages = new Set<number>();
  readonly usedCategories = new Set<number>();
  private readonly ids = new Set<number>();
  /** What was seen, and where first. */
  private readonly seen = new Map<string, string>();

  constructor(
    private readonly images: ReadonlyMap<number, DatasetImage>,
    private readonly categories: ReadonlyMap<number, string>,
    private readonly findings: Findings,
  ) {}

  /** @param field the entry's place, e.g. "annotations[3]" */
  check(entry: JsonObject, field: string): void {
    const image = this.checkReferences(entry, field);
    const place = image === undefined || image.fileName === '' ? field : `${field} of ${image.fileName}`;
    const object: CocoObject = { entry, where: place, place, image };
    const box = this.readable(() => readBox(object, new Warnings()), 'boxes that cannot be read');
    const segmentation = this.readable(
      () => readSegmentation(object, new Warnings()),
      'segmentations that cannot be read',
    );
    if (box !== undefined) {
      this.checkBox(box, image, place);
    }
    if (segmentation === null || box === null) {
      return;
    }
    if (segmentation === undefined) {
      this.checkBoxOnly(entry, box, place);
      return;
    }
    const mask = this.checkSegmentation(segmentation, object);
    if (mask !== undefined) {
      this.checkAgainstMask(object, box, segmentation, mask);
    }
  }

  /** The object's image, where it is known. */
  private checkReferences(entry: JsonObject, field: string): DatasetImage | undefined {
    const { id, image_id: imageId, category_id: categoryId, iscrowd } = entry;
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) {
      this.findings.problem('ids of "annotations" that are no whole numbers', `${field}.id is ${shown(id)}`);
    } else if (this.ids.has(id)) {
      this.findings.problem('ids that are used twice in "annotations"', `${field}.id is ${id}`);
    } else {
      this.ids.add(id);
    }
    const image = this.images.get(imageId as number);
    if (image === undefined) {
      this.findings.problem('objects of unknown images', `${field}.image_id is ${shown(imageId)}`);
    } else {
      this.usedImages.add(image.id);
    }
    if (this.categories.has(categoryId as number)) {
      this.usedCategories.add(categoryId as number);
    } else {
      this.findings.problem('objects of unknown categories', `${field}.category_id is ${shown(categoryId)}`);
    }
    if (![undefined, null, 0, 1, false, true].includes(iscrowd as number | boolean | null | undefined)) {
      this.findings.problem('values of iscrowd that are neither 0 nor 1', `${field}.iscrowd is ${shown(iscrowd)}`);
    }
    return image;
  }

  /** What `read` returns; null after a problem. */
  private readable<T>(read: () => T, kind: string): T | null {
    try {
      return read();
    } catch (error) {
      if (error instanceof InputError) {
        this.findings.problem(kind, error.message);
        return null;
      }
      throw error;
    }
  }

  private checkBox(box: XywhBox | null, image: DatasetImage | undefined, place: string): void {
    if (box === null) {
      return;
    }
    const [x, y, width, height] = box;
    if (width <= 0 || height <= 0) {
      this.findings.problem('boxes without an area', `${place}: ${shown(box)}`);
    }
    if (image !== undefined && isOutside(x, y, x + width, y + height, image)) {
      this.findings.problem(
        'boxes that reach outside their image',
        `${place}: ${shown(box)} in ${image.width}x${image.height}`,
      );
    }
  }

  private checkBoxOnly(entry: JsonObject, box: XywhBox | undefined, place: string): void {
    if (box === undefined) {
      this.findings.problem('objects with neither a box nor a segmentation', place);
      return;
    }
    this.findings.note('objects without a segmentation', place);
    this.checkDuplicate(entry, box.join(), place);
  }

  /** The object's mask, where it can be had. */
  private checkSegmentation(segmentation: Segmentation, object: CocoObject): Rle | undefined {
    const { entry, image, place } = object;
    if (!('counts' in segmentation)) {
      const all = entry.segmentation as readonly (readonly number[])[];
      for (const polygon of all) {
        this.checkPolygon(polygon, image, place);
      }
      // already told
      if (segmentation.length === 0 || image === undefined || image.width === 0) {
        return undefined;
      }
    }
    const mask = this.readable(
      () => maskOf(segmentation, object, 'add it'),
      'segmentations that do not fit their image',
    );
    if (mask !== null && rleArea(mask) === 0) {
      this.findings.problem('empty masks', place);
      return undefined;
    }
    return mask ?? undefined;
  }

  private checkPolygon(polygon: readonly number[], image: DatasetImage | undefined, place: string): void {
    if (polygon.length < 6) {
      this.findings.problem('polygons of fewer than 3 points', `${place}: ${polygon.length / 2} points`);
      return;
    }
    const points = pointsOf(polygon);
    if (crossesItself(points)) {
      this.findings.problem('polygons that cross themselves', place);
    }
    if (image !== undefined && points.some(([x, y]) => isOutside(x, y, x, y, image))) {
      this.findings.note('polygons that reach outside their image', place);
    }
  }

  private checkAgainstMask(
    { entry, place }: CocoObject,
    box: XywhBox | undefined,
    segmentation: Segmentation,
    mask: Rle,
  ): void {
    const own = boxAround(segmentation, () => mask);
    if (box !== undefined && !boxesAgree(box, own) && !boxesAgree(box, rleToBbox(mask))) {
      this.findings.problem(
        'boxes that are not those of their segmentation',
        `${place}: ${shown(box)}, not ${shown(own)}`,
      );
    }
    const { area, iscrowd } = entry;
    // COCO's own files state another area for crowds
    const isCrowd = iscrowd === 1 || iscrowd === true;
    if (!isCrowd && !isMissing(entry, 'area')) {
      // writers take the pixels or the polygon's own area
      const areas = [rleArea(mask), ...outlineArea(segmentation)];
      if (typeof area !== 'number' || !areas.some((one) => isNear(area, one))) {
        this.findings.problem(
          'areas that are not those of their segmentation',
          `${place}: ${shown(area)}, not ${areas[0]}`,
        );
      }
    }
    this.checkDuplicate(entry, rleToString(mask), place);
  }

  private checkDuplicate(entry: JsonObject, shape: string, place: string): void {
    const key = `${shown(entry.image_id)} ${shown(entry.category_id)} ${shape}`;
    const first = this.seen.get(key);
    if (first === undefined) {
      this.seen.set(key, place.split(' ')[0]);
    } else {
      this.findings.problem('objects that are there twice', `${place} is ${first}`);
    }
  }
}

function isOutside(left: number, top: number, right: number, bottom: number, { width, height }: DatasetImage): boolean {
  return width > 0 && Math.max(-left, -top, right - width, bottom - height) > OUTSIDE_TOLERANCE;
}

function boxesAgree(a: XywhBox, b: XywhBox): boolean {
  const tolerance = Math.max(BOX_TOLERANCE.pixels, BOX_TOLERANCE.share * Math.max(b[2], b[3]));
  const sides = ([x, y, width, height]: XywhBox): number[] => [x, y, x + width, y + height];
  const other = sides(b);
  return sides(a).every((side, i) => Math.abs(side - other[i]) <= tolerance);
}

/** Of polygons: the sum of their areas. */
function outlineArea(segmentation: Segmentation): number[] {
  return 'counts' in segmentation
    ? []
    : [segmentation.reduce((sum, polygon) => sum + polygonArea(pointsOf(polygon)), 0)];
}

function isNear(area: number, expected: number): boolean {
  return Math.abs(area - expected) <= Math.max(AREA_TOLERANCE.pixels, AREA_TOLERANCE.share * expected);
}
