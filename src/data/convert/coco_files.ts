import { InputError } from '../../errors';
import type { Dataset } from '../../eval/dataset';
import { polygonsFromRle } from '../../eval/polygonise';
import { rleArea, rleToCoco } from '../../eval/rle';
import { AtomicFile } from '../atomic';
import { readDataset } from '../dataset_file';
import { fileKind } from '../file_kind';
import { isObject, objectList, requireObjects, type JsonObject } from '../json_fields';
import { readJsonFile } from '../json_file';
import { readPredictions } from '../prediction_file';
import type { Warnings } from '../warnings';
import type { Convertible, ConvertibleObject } from './convertible';

/** The annotation file that predictions belong to, and its fields as the file has them. */
export interface GroundTruth {
  readonly dataset: Dataset;
  readonly header: JsonObject;
}

/** Throws as `readDataset`. */
export async function readGroundTruth(path: string, warnings: Warnings): Promise<GroundTruth> {
  const dataset = await readDataset(path, warnings, { imagesSuffice: true });
  return { dataset, header: withoutAnnotations((await readJsonFile(path, 'annotation file')) as JsonObject) };
}

/**
 * Reads a COCO annotation file or a results list with all fields.
 * @param masks decode every segmentation
 * @param groundTruth lends results its images and categories; unused for an annotation file
 * @throws InputError as `readDataset` and `readPredictions`
 */
export async function readCocoFile(
  path: string,
  masks: boolean,
  warnings: Warnings,
  groundTruth?: GroundTruth,
): Promise<Convertible> {
  const file = await readJsonFile(path, 'input');
  if (fileKind(file).kind === 'results') {
    return readResults(path, requireObjects(file as unknown[], `input ${path}: `), masks, warnings, groundTruth);
  }
  const { images, categories, annotations } = await readDataset(path, warnings, { masks, what: 'input' });
  const entries = objectList(file as JsonObject, 'annotations', `input ${path}`);
  const objects = annotations.map(({ imageId, categoryId, box, isCrowd, mask }, i): ConvertibleObject => {
    const fields = entries[i];
    const score = typeof fields.score === 'number' ? fields.score : 1;
    return { fields, imageId, categoryId, box, isCrowd, score, mask };
  });
  return { kind: 'dataset', header: withoutAnnotations(file as JsonObject), images, categories, objects };
}

async function readResults(
  path: string,
  entries: readonly JsonObject[],
  masks: boolean,
  warnings: Warnings,
  groundTruth: GroundTruth | undefined,
): Promise<Convertible> {
  const against = groundTruth?.dataset;
  const { predictions } = await readPredictions(path, warnings, { masks, against, what: 'input' });
  const objects = predictions.map(({ imageId, categoryId, box, score, mask }, i): ConvertibleObject => {
    return { fields: entries[i], imageId, categoryId, box, isCrowd: false, score, mask };
  });
  return {
    kind: 'results',
    header: groundTruth?.header ?? {},
    images: against?.images ?? [],
    categories: against?.categories ?? [],
    objects,
  };
}

function withoutAnnotations(file: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(file).filter(([field]) => field !== 'annotations'));
}

/**
 * Every segmentation as compressed run lengths; strings stay as they are. All other fields are kept.
 * @param warnings counts objects without a segmentation
 */
export function withRunLengths(data: Convertible, warnings: Warnings): Convertible {
  return withSegmentations(data, warnings, ({ fields, mask }) => {
    const { segmentation } = fields;
    const isString = isObject(segmentation) && typeof segmentation.counts === 'string';
    return mask === undefined || isString ? segmentation : rleToCoco(mask);
  });
}

/**
 * Every segmentation as polygons (`polygonsFromRle`). Crowds stay run lengths, as COCO has them; polygons stay as they
 * are unless `simplify`, a tolerance in pixels above 0, is given. All other fields are kept.
 * @param warnings counts objects without a segmentation, and empty masks, whose polygons are an empty list
 */
export function withPolygons(data: Convertible, simplify: number, warnings: Warnings): Convertible {
  return withSegmentations(data, warnings, ({ fields, isCrowd, mask }, i) => {
    const { segmentation } = fields;
    if (mask === undefined || isCrowd || (Array.isArray(segmentation) && simplify === 0)) {
      return segmentation;
    }
    const polygons = polygonsFromRle(mask, { simplify });
    if (polygons.length === 0) {
      warnings.add('empty masks, written as an empty list of polygons', `annotations[${i}]`);
    }
    return polygons;
  });
}

function withSegmentations(
  data: Convertible,
  warnings: Warnings,
  segmentationOf: (object: ConvertibleObject, i: number) => unknown,
): Convertible {
  const objects = data.objects.map((object, i) => {
    if (object.mask === undefined) {
      warnings.add('objects without a segmentation, kept as they are', `annotations[${i}]`);
    }
    const segmentation = segmentationOf(object, i);
    return segmentation === undefined ? object : { ...object, fields: { ...object.fields, segmentation } };
  });
  return { ...data, objects };
}

/** Annotations as predictions: image, category, box, segmentation and score (1 where there is none). */
export function asResults(data: Convertible): Convertible {
  const objects = data.objects.map((object): ConvertibleObject => {
    const { imageId, categoryId, box, score, fields } = object;
    const { segmentation } = fields;
    const own = { image_id: imageId, category_id: categoryId, bbox: fields.bbox ?? box };
    return { ...object, fields: { ...own, ...(segmentation === undefined ? {} : { segmentation }), score } };
  });
  return { ...data, kind: 'results', objects };
}

/**
 * Predictions as annotations with ids 1, 2, 3 …, in an object with the images and categories of their ground truth.
 * @throws InputError where those are not known
 */
export function asDataset(data: Convertible): Convertible {
  if (data.kind === 'dataset') {
    return data;
  }
  if (data.images.length === 0) {
    throw new InputError('predictions name no image files and no classes: give their annotation file as --gt');
  }
  const objects = data.objects.map((object, i): ConvertibleObject => {
    const { box, mask } = object;
    const area = mask === undefined ? box[2] * box[3] : rleArea(mask);
    return { ...object, fields: { id: i + 1, bbox: box, area, iscrowd: 0, ...object.fields } };
  });
  return { ...data, kind: 'dataset', objects };
}

/** Writes a COCO object, or a list for results: one line for each entry of a list. */
export async function writeCocoFile(path: string, { kind, header, objects }: Convertible): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    const entries = objects.map(({ fields }) => fields);
    if (kind === 'results') {
      await writeList(file, entries);
    } else {
      await file.write('{');
      for (const [field, value] of Object.entries(header)) {
        await file.write(`${JSON.stringify(field)}: `);
        await (Array.isArray(value) ? writeList(file, value) : file.write(JSON.stringify(value)));
        await file.write(',\n');
      }
      await file.write('"annotations": ');
      await writeList(file, entries);
      await file.write('}');
    }
    await file.write('\n');
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

async function writeList(file: AtomicFile, entries: readonly unknown[]): Promise<void> {
  await file.write('[');
  for (const [i, entry] of entries.entries()) {
    await file.write(`${i === 0 ? '\n' : ',\n'}${JSON.stringify(entry)}`);
  }
  await file.write(entries.length === 0 ? ']' : '\n]');
}
