import type { Category, DatasetImage } from '../../eval/dataset';
import { rleArea, rleToBbox, rleToCoco, type Rle, type XywhBox } from '../../eval/rle';
import type { JsonObject } from '../json_fields';

/** One object on its way from one format to another. */
export interface ConvertibleObject {
  /** As a COCO file has it or is to have it: every field that conversions keep. */
  readonly fields: JsonObject;
  readonly imageId: number;
  readonly categoryId: number;
  /** x, y, width, height in pixels. */
  readonly box: XywhBox;
  readonly isCrowd: boolean;
  /** 1 for annotations. */
  readonly score: number;
  /** Absent where the source has boxes only, or where masks were not asked for. */
  readonly mask?: Rle;
}

/** A dataset or a list of predictions between two formats. */
export interface Convertible {
  /** Results have no ids and no lists of images and categories of their own. */
  readonly kind: 'dataset' | 'results';
  /** The fields of the COCO file beside `annotations`, in its order: with `images` and `categories`. */
  readonly header: JsonObject;
  /** Empty where they are not known (results without an annotation file). */
  readonly images: readonly DatasetImage[];
  readonly categories: readonly Category[];
  readonly objects: readonly ConvertibleObject[];
}

/** A new annotation from its mask: tight box, area in pixels, compressed run lengths. */
export function objectOfMask(id: number, imageId: number, categoryId: number, mask: Rle): ConvertibleObject {
  const box = rleToBbox(mask);
  const fields = {
    id,
    image_id: imageId,
    category_id: categoryId,
    bbox: box,
    area: rleArea(mask),
    iscrowd: 0,
    segmentation: rleToCoco(mask),
  };
  return { fields, imageId, categoryId, box, isCrowd: false, score: 1, mask };
}

/** A new annotation of a box alone, with what else is known of it. */
export function objectOfBox(
  ids: { readonly id: number; readonly imageId: number; readonly categoryId: number },
  box: XywhBox,
  more: JsonObject,
): ConvertibleObject {
  const { id, imageId, categoryId } = ids;
  const fields = {
    id,
    image_id: imageId,
    category_id: categoryId,
    bbox: box,
    area: pixels(box[2] * box[3]),
    iscrowd: 0,
    ...more,
  };
  return { fields, imageId, categoryId, box, isCrowd: false, score: 1 };
}

/** A coordinate without the noise of binary fractions: rounded to 10^-6 pixel. */
export function pixels(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** A COCO file's field `images` for images that no COCO file listed; sizes of 0 are left out. */
export function imageFields({ id, fileName, width, height }: DatasetImage): JsonObject {
  return { id, file_name: fileName, ...(width > 0 && height > 0 ? { width, height } : {}) };
}
