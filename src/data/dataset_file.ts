import { InputError } from '../errors';
import type { Annotation, Dataset } from '../eval/dataset';
import { rleArea } from '../eval/rle';
import { readCategoryList, readImageList } from './coco_lists';
import { boxAround, maskOf, readBox, readCrowd, readSegmentation, requireListed, type CocoObject } from './coco_object';
import { fileKind } from './file_kind';
import {
  integerField,
  isMissing,
  isObject,
  numberField,
  objectList,
  requireUniqueIds,
  type JsonObject,
} from './json_fields';
import { readJsonFile } from './json_file';
import type { Warnings } from './warnings';

export interface DatasetReading {
  /** Decode every segmentation to `mask`: polygons as pycocotools rasterises them, run lengths checked to cover the image. */
  readonly masks?: boolean;
  /** The file's role, for messages; default "annotation file". */
  readonly what?: string;
  /** Take a file without `annotations` (a list of test images) as one without objects; default false. */
  readonly imagesSuffice?: boolean;
}

/**
 * Reads a COCO annotation file: `images`, `categories` and `annotations`. Fields beyond the format are ignored; what is
 * optional and missing follows `Annotation`.
 * @param warnings counts what can be worked with: boxes that reach outside their image, polygons of fewer than 3 points
 * @throws InputError for a file that is missing, not JSON or of another kind, for a missing or wrong field, an id that
 * is used twice or that no list has, and a mask that does not fit its image
 */
export async function readDataset(path: string, warnings: Warnings, options: DatasetReading = {}): Promise<Dataset> {
  const what = options.what ?? 'annotation file';
  const where = `${what} ${path}`;
  const file = requireDataset(await readJsonFile(path, what), path, where, options.imagesSuffice === true);
  const images = readImageList(file, where, { complete: false });
  if (images.length === 0) {
    throw new InputError(`${where} lists no images: its field "images" is an empty list`);
  }
  const categories = readCategoryList(file, where);
  const entries = isMissing(file, 'annotations') ? [] : objectList(file, 'annotations', where);
  if (categories.length === 0 && entries.length > 0) {
    throw new InputError(`${where} has annotations but no categories: add "categories": [{"id": 1, "name": "…"}]`);
  }
  const heads = readHeads(entries, where);
  const ids = (field: keyof Head) => heads.map((head) => head[field]);
  requireUniqueIds(ids('id'), 'annotations', where);
  const wayOut = 'correct it or add the entry';
  const place = (field: string) => (i: number) => `annotations[${i}].${field}`;
  requireListed({ where, ids: ids('imageId'), place: place('image_id'), known: images, list: '"images"', wayOut });
  requireListed({
    where,
    ids: ids('categoryId'),
    place: place('category_id'),
    known: categories,
    list: '"categories"',
    wayOut,
  });
  const byId = new Map(images.map((image) => [image.id, image]));
  const annotations = entries.map((entry, i) => {
    const object: CocoObject = {
      entry,
      where: `${where}: annotations[${i}]`,
      place: `annotations[${i}] of ${path}`,
      image: byId.get(heads[i].imageId),
    };
    return { ...heads[i], ...readShape(object, warnings, options.masks === true) };
  });
  return { images, categories, annotations };
}

/** The object of a COCO file; for anything else an InputError says what it is. */
function requireDataset(value: unknown, path: string, where: string, imagesSuffice: boolean): JsonObject {
  const { kind, name } = fileKind(value);
  if (isObject(value) && 'images' in value && (kind === 'dataset' || imagesSuffice)) {
    return value;
  }
  const needed = 'an annotation file with "images", "categories" and "annotations" is needed';
  if (kind === 'results') {
    throw new InputError(
      `${where} is ${name}, but ${needed}: name that (are two files swapped?), or make one of the predictions by ` +
        `\`engine submit --pred ${path} --gt ANN.json --out FILE.json\``,
    );
  }
  if (kind === 'dataset') {
    throw new InputError(`${where} has "annotations" but no "images": ${needed}`);
  }
  throw new InputError(`${where} is ${name}, but ${needed}: export or convert it to COCO`);
}

interface Head {
  readonly id: number;
  readonly imageId: number;
  readonly categoryId: number;
}

function readHeads(entries: readonly JsonObject[], where: string): Head[] {
  return entries.map((entry, i) => {
    const at = `${where}: annotations[${i}]`;
    return {
      id: integerField(entry, 'id', at),
      imageId: integerField(entry, 'image_id', at),
      categoryId: integerField(entry, 'category_id', at),
    };
  });
}

type Shape = Pick<Annotation, 'box' | 'area' | 'isCrowd' | 'isDifficult' | 'segmentation' | 'mask'>;

function readShape(object: CocoObject, warnings: Warnings, masks: boolean): Shape {
  const { entry, where } = object;
  const segmentation = readSegmentation(object, warnings);
  const ownBox = readBox(object, warnings);
  const flags = {
    isCrowd: readCrowd(object),
    ...(entry.difficult === 1 || entry.difficult === true ? { isDifficult: true } : {}),
  };
  const ownArea = isMissing(entry, 'area') ? undefined : numberField(entry, 'area', where, 0);
  if (segmentation === undefined) {
    if (ownBox === undefined) {
      throw new InputError(`${where} has neither "bbox" nor "segmentation": one of them is needed`);
    }
    return { box: ownBox, area: ownArea ?? ownBox[2] * ownBox[3], ...flags };
  }
  const decode = () => maskOf(segmentation, object, 'add "width" and "height" to "images"');
  const mask = masks ? decode() : undefined;
  return {
    box: ownBox ?? boxAround(segmentation, () => mask ?? decode()),
    area: ownArea ?? rleArea(mask ?? decode()),
    ...flags,
    segmentation,
    ...(mask === undefined ? {} : { mask }),
  };
}
