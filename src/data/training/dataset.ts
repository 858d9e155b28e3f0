import { join, resolve } from 'node:path';
import { InputError } from '../../errors';
import type { Annotation, Category, Dataset, DatasetImage } from '../../eval/dataset';
import { readDataset } from '../dataset_file';
import { requireImageFiles } from '../dataset_image';
import type { Warnings } from '../warnings';
import { chooseCategories } from './classes';
import { keepObject, packObjects } from './objects';
import type { MaskRuns, SampleObjects } from './sample';

/** The keys of a configuration's section `data` that decide what takes part. */
export interface TrainingDataOptions {
  /** Names of the categories to learn, in the order of their labels; null for all, in the order of their ids. */
  readonly categories: readonly string[] | null;
  /** Whether images without an object to learn take part. */
  readonly keepEmptyImages: boolean;
  /** Smaller objects are left out: pixels of the mask. */
  readonly minObjectArea: number;
  /** Smaller objects are left out: pixels of the shorter side of the mask's box. */
  readonly minObjectSide: number;
}

/** An image and its file. */
export interface ImageEntry extends DatasetImage {
  /** Of the file: the image folder and `fileName`. */
  readonly path: string;
}

/** An image that takes part, with its objects, their masks still as runs. */
export interface TrainingEntry extends ImageEntry, SampleObjects, MaskRuns {}

/** What training learns from. */
export interface TrainingDataset {
  /** Those that take part, in the order of the file. */
  readonly images: readonly TrainingEntry[];
  /** The class of label i + 1. */
  readonly classNames: readonly string[];
  /** The annotation file's id of the category of label i + 1. */
  readonly categoryIds: readonly number[];
  /** The most objects (crowd regions included) of an image. */
  readonly maxObjects: number;
  /** The most mask words of an image, at least 1. */
  readonly maxWords: number;
}

/**
 * Reads what training learns from: masks are rasterised and checked here, once; image files are only looked for.
 *
 * Left out, and counted in `warnings`: objects that are too small or have no pixel. Left out silently, as they are not to
 * be learnt: objects of other categories, and images that hold nothing to learn unless `keepEmptyImages`.
 * @param annotations path of a COCO annotation file
 * @param imageFolder what its `file_name`s are relative to
 * @throws InputError as `readDataset`; for unknown categories, images whose size is not stated, missing image files (all
 * counted, the first ones named), and where nothing is left to learn
 */
export async function readTrainingDataset(
  annotations: string,
  imageFolder: string,
  options: TrainingDataOptions,
  warnings: Warnings,
): Promise<TrainingDataset> {
  const dataset = await readDataset(annotations, warnings, { masks: true });
  const categories = chooseCategories(dataset.categories, options.categories, annotations, 'data.categories');
  requireSizes(dataset.images, annotations);
  const learnt = annotationsOf(dataset, categories);
  requireMasks(learnt, annotations);
  const byImage = groupByImage(learnt);
  const labels = new Map(categories.map(({ id }, i) => [id, i + 1]));
  const images = dataset.images.flatMap((image): TrainingEntry[] => {
    const kept = (byImage.get(image.id) ?? []).flatMap((annotation) => {
      const object = keepObject(annotation, labels.get(annotation.categoryId)!, image, options, warnings);
      return object === null ? [] : [object];
    });
    const takesPart = options.keepEmptyImages || kept.some(({ isCrowd }) => !isCrowd);
    return takesPart ? [{ ...imageEntry(image, imageFolder), ...packObjects(kept) }] : [];
  });
  if (!images.some(({ crowd }) => crowd.includes(0))) {
    const names = categories.map(({ name }) => `"${name}"`).join(', ');
    throw new InputError(
      `annotation file ${annotations} holds no object to learn of ${names}: annotate objects, or correct data.categories, ` +
        'data.min_object_area and data.min_object_side',
    );
  }
  await requireImageFiles(imageFolder, images, annotations);
  return {
    images,
    classNames: categories.map(({ name }) => name),
    categoryIds: categories.map(({ id }) => id),
    maxObjects: images.reduce((most, { objects }) => Math.max(most, objects), 0),
    maxWords: images.reduce((most, { words }) => Math.max(most, words), 1),
  };
}

/** What a validation run compares with, and the images that it goes through. */
export interface ValidationDataset {
  readonly images: readonly ImageEntry[];
  /** For the evaluator: all images, the learnt categories, and all of their annotations, of any size, with masks. */
  readonly dataset: Dataset;
  /** The id, in `dataset`, of the category of label i + 1. */
  readonly categoryIds: readonly number[];
}

/**
 * Reads what validation compares with: everything counts, as in `engine eval`, but categories that are not learnt.
 * @param training categories are matched with its classes by name, so that their ids may differ
 * @param warnings counts, beside those of `readDataset`, images that are also trained on
 * @throws InputError as `readDataset`; for a class that the file does not list, no objects or none with a mask, and missing
 * image files
 */
export async function readValidationDataset(
  annotations: string,
  imageFolder: string,
  training: Pick<TrainingDataset, 'classNames' | 'images'>,
  warnings: Warnings,
): Promise<ValidationDataset> {
  const whole = await readDataset(annotations, warnings, { masks: true });
  const categories = chooseCategories(whole.categories, training.classNames, annotations, 'validation');
  const compared = annotationsOf(whole, categories);
  requireMasks(compared, annotations);
  if (compared.every(({ isCrowd }) => isCrowd)) {
    throw new InputError(
      `annotation file ${annotations} holds no object to compare with: annotate objects, or leave data.val out`,
    );
  }
  await requireImageFiles(imageFolder, whole.images, annotations);
  const images = whole.images.map((image) => imageEntry(image, imageFolder));
  const trainedOn = new Set(training.images.map(({ path }) => resolve(path)));
  for (const { fileName } of images.filter((image) => trainedOn.has(resolve(image.path)))) {
    warnings.add('validation images that are also trained on, whose figures say little', fileName);
  }
  return {
    images,
    dataset: { images: whole.images, categories, annotations: compared },
    categoryIds: categories.map(({ id }) => id),
  };
}

function imageEntry({ id, fileName, width, height }: DatasetImage, folder: string): ImageEntry {
  return { id, fileName, width, height, path: join(folder, fileName) };
}

/** In the order of the file. */
function annotationsOf({ annotations }: Dataset, categories: readonly Category[]): Annotation[] {
  const ids = new Set(categories.map(({ id }) => id));
  return annotations.filter(({ categoryId }) => ids.has(categoryId));
}

function groupByImage(annotations: readonly Annotation[]): Map<number, Annotation[]> {
  const byImage = new Map<number, Annotation[]>();
  for (const annotation of annotations) {
    const list = byImage.get(annotation.imageId) ?? [];
    list.push(annotation);
    byImage.set(annotation.imageId, list);
  }
  return byImage;
}

function requireSizes(images: readonly DatasetImage[], path: string): void {
  const unknown = images.filter(({ width, height }) => width === 0 || height === 0);
  if (unknown.length > 0) {
    throw new InputError(
      `annotation file ${path} lacks "width" and "height" of ${unknown.length} of ${images.length} images ` +
        `(the first is image ${unknown[0].id}): add them`,
    );
  }
}

/** A file of boxes can neither teach nor judge masks; single objects without one can be ignored. */
function requireMasks(annotations: readonly Annotation[], path: string): void {
  const objects = annotations.filter(({ isCrowd }) => !isCrowd);
  if (objects.length > 0 && objects.every(({ mask }) => mask === undefined)) {
    throw new InputError(
      `annotation file ${path} has boxes but no masks: each object needs a "segmentation" (polygons or run lengths)`,
    );
  }
}
