import { posix } from 'node:path';
import { InputError } from '../errors';
import type { Category, Dataset, DatasetImage, Prediction } from '../eval/dataset';
import { rleArea, rleToBbox } from '../eval/rle';
import { readCategoryList, readImageList } from './coco_lists';
import { maskOf, readBox, readCrowd, readSegmentation, requireListed, type CocoObject } from './coco_object';
import { fileKind } from './file_kind';
import {
  integerField,
  isMissing,
  isObject,
  numberField,
  objectList,
  requireObjects,
  requireUniqueIds,
  type JsonObject,
} from './json_fields';
import { readJsonFile } from './json_file';
import type { Warnings } from './warnings';

export interface PredictionReading {
  /** Decode every segmentation to `mask`: polygons as pycocotools rasterises them, run lengths checked to cover the image. */
  readonly masks?: boolean;
  /** The dataset that was predicted: gives the images' sizes, and its images and categories must hold all ids. */
  readonly against?: Dataset;
  /** The file's role, for messages; default "predictions". */
  readonly what?: string;
}

export interface PredictionFile {
  /** "results" a list, "dataset" an object with annotations */
  readonly kind: 'results' | 'dataset';
  /** In the order of the file. */
  readonly predictions: readonly Prediction[];
  /** False for a file of masks alone, such as predict.segm.json: its boxes are those around the masks. */
  readonly hasBoxes: boolean;
  /** What the file itself lists; empty for a results list. */
  readonly images: readonly DatasetImage[];
  readonly categories: readonly Category[];
}

/**
 * Reads predictions: a results list (https://cocodataset.org/#format-results), or an object with `annotations` and
 * perhaps `images` and `categories`, such as a submission. Fields beyond the format are ignored, the file's `area` too:
 * see `Prediction`.
 * @param warnings counts what can be worked with: boxes that reach outside their image, polygons of fewer than 3 points
 * @throws InputError for a file that is missing, not JSON or of another kind, for a missing or wrong field, an unknown
 * image or category, and a mask that does not fit its image
 */
export async function readPredictions(
  path: string,
  warnings: Warnings,
  options: PredictionReading = {},
): Promise<PredictionFile> {
  const what = options.what ?? 'predictions';
  const where = `${what} ${path}`;
  const source = readSource(await readJsonFile(path, what), where);
  const heads = source.entries.map((entry, i) => readHead(entry, `${where}: ${source.name(i)}`, source.kind));
  const images = knownImages(source, options.against);
  requireKnown(heads, source, where, options.against);
  if (options.against !== undefined) {
    requireSameImages(source, where, options.against, warnings);
  }
  const areaOfBox = source.entries.length > 0 && hasBox(source.entries[0]);
  const predictions = source.entries.map((entry, i): Prediction => {
    const object: CocoObject = {
      entry,
      where: `${where}: ${source.name(i)}`,
      place: `${source.name(i)} of ${path}`,
      image: images.get(heads[i].imageId),
    };
    return {
      ...heads[i],
      ...(source.kind === 'dataset' && readCrowd(object) ? { isCrowd: true } : {}),
      ...readShape(object, warnings, options.masks === true, areaOfBox),
    };
  });
  const { kind, entries, images: listed, categories } = source;
  return { kind, predictions, hasBoxes: entries.length === 0 || entries.some(hasBox), images: listed, categories };
}

interface Source {
  readonly kind: 'results' | 'dataset';
  readonly entries: readonly JsonObject[];
  /** How messages call an entry. */
  readonly name: (i: number) => string;
  readonly images: readonly DatasetImage[];
  readonly categories: readonly Category[];
}

function readSource(value: unknown, where: string): Source {
  const { kind, name } = fileKind(value);
  if (kind === 'results' && Array.isArray(value)) {
    const entries = requireObjects(value, `${where}: `);
    return { kind, entries, name: (i) => `[${i}]`, images: [], categories: [] };
  }
  if (kind !== 'dataset' || !isObject(value)) {
    throw new InputError(
      `${where} is ${name}, but predictions are needed: a results list (predict.segm.json of \`engine infer\`) or an ` +
        'object with "annotations"',
    );
  }
  const entries = objectList(value, 'annotations', where);
  if (entries.some((entry) => !isMissing(entry, 'id'))) {
    const ids = entries.map((entry, i) => integerField(entry, 'id', `${where}: annotations[${i}]`));
    requireUniqueIds(ids, 'annotations', where);
  }
  return {
    kind,
    entries,
    name: (i) => `annotations[${i}]`,
    images: isMissing(value, 'images') ? [] : readImageList(value, where, { complete: false }),
    categories: readCategoryList(value, where),
  };
}

type Head = Pick<Prediction, 'imageId' | 'categoryId' | 'score'>;

function readHead(entry: JsonObject, at: string, kind: 'results' | 'dataset'): Head {
  return {
    imageId: integerField(entry, 'image_id', at),
    categoryId: integerField(entry, 'category_id', at),
    score: kind === 'dataset' && isMissing(entry, 'score') ? 1 : numberField(entry, 'score', at),
  };
}

/** Sizes as the dataset has them, else as the file itself. */
function knownImages(source: Source, against: Dataset | undefined): ReadonlyMap<number, DatasetImage> {
  const sized = ({ width, height }: DatasetImage) => width > 0 && height > 0;
  const own = source.images.filter(sized);
  const given = against?.images ?? [];
  // Of two images with one id the later counts.
  return new Map([...given, ...own, ...given.filter(sized)].map((image) => [image.id, image]));
}

function requireKnown(heads: readonly Head[], source: Source, where: string, against: Dataset | undefined): void {
  const check = (
    { images, categories }: Pick<Source, 'images' | 'categories'>,
    list: string,
    [imageHelp, categoryHelp]: readonly [string, string],
  ): void => {
    for (const [field, known, ids, wayOut] of [
      ['image_id', images, heads.map(({ imageId }) => imageId), imageHelp],
      ['category_id', categories, heads.map(({ categoryId }) => categoryId), categoryHelp],
    ] as const) {
      // A file without the list leaves nothing to check.
      if (known.length > 0) {
        requireListed({ where, ids, place: (i) => `${source.name(i)}.${field}`, known, list, wayOut });
      }
    }
  };
  const correct = 'correct it or add the entry';
  check(source, 'the file itself', [correct, correct]);
  if (against !== undefined) {
    check(against, 'the annotation file', [
      'name the annotation file of the images that were predicted',
      `${idsOf(against.categories)}; correct it (do the classes count from 0?) or name the annotation file of the same classes`,
    ]);
  }
}

function idsOf(categories: readonly Category[]): string {
  const ids = categories.slice(0, 5).map(({ id, name }) => `${id} (${name})`);
  return `its categories are ${ids.join(', ')}${categories.length > ids.length ? ', …' : ''}`;
}

/** Where the file itself lists its images, they are to be those of the dataset. */
function requireSameImages({ images }: Source, where: string, against: Dataset, warnings: Warnings): void {
  const known = new Map(against.images.map((image) => [image.id, image]));
  images.forEach((own, i) => {
    const image = known.get(own.id);
    if (image === undefined) {
      return;
    }
    const isOther = (side: 'width' | 'height'): boolean =>
      own[side] > 0 && image[side] > 0 && own[side] !== image[side];
    if (isOther('width') || isOther('height')) {
      throw new InputError(
        `${where}: images[${i}] (id ${own.id}) has ${own.width}x${own.height} pixels, but ${image.width}x${image.height} ` +
          'in the annotation file: name the annotation file of the images that were predicted',
      );
    }
    if (
      own.fileName !== '' &&
      image.fileName !== '' &&
      posix.basename(own.fileName) !== posix.basename(image.fileName)
    ) {
      warnings.add(
        'images with another name in the annotation file (is it that of the same images?)',
        `${own.fileName} is ${image.fileName} there`,
      );
    }
  });
}

type Shape = Pick<Prediction, 'box' | 'area' | 'segmentation' | 'mask'>;

function readShape(object: CocoObject, warnings: Warnings, masks: boolean, areaOfBox: boolean): Shape {
  const segmentation = readSegmentation(object, warnings);
  const ownBox = readBox(object, warnings);
  if (segmentation === undefined) {
    if (ownBox === undefined) {
      throw new InputError(`${object.where} has neither "bbox" nor "segmentation": one of them is needed`);
    }
    return { box: ownBox, area: ownBox[2] * ownBox[3] };
  }
  const help = 'name an annotation file that has the sizes';
  const mask = masks || !areaOfBox || ownBox === undefined ? maskOf(segmentation, object, help) : undefined;
  const box = ownBox ?? rleToBbox(mask!);
  return {
    box,
    area: areaOfBox ? box[2] * box[3] : rleArea(mask!),
    segmentation,
    ...(masks && mask !== undefined ? { mask } : {}),
  };
}

function hasBox({ bbox }: JsonObject): boolean {
  return Array.isArray(bbox) && bbox.length > 0;
}
