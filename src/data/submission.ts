import { InputError } from '../errors';
import type { Category, DatasetImage, Prediction } from '../eval/dataset';
import { polygonsFromRle } from '../eval/polygonise';
import { rleArea } from '../eval/rle';
import type { GroundTruth } from './convert/coco_files';
import { objectOfMask, type Convertible, type ConvertibleObject } from './convert/convertible';
import type { Warnings } from './warnings';

export interface SubmissionOptions {
  /** Leave out predictions below this score. */
  readonly scoreThreshold?: number;
  /** Masks as polygons that give back exactly the same pixels, in place of compressed run lengths. */
  readonly polygons?: boolean;
}

const EMPTY = 'masks without a pixel, left out';
const WITHOUT_PREDICTIONS = 'images without predictions';

/**
 * Makes the object that a challenge wants of predictions: `images` and `categories` as the annotation file has them, and
 * `annotations` with ids 1, 2, 3 …, mask, box, area in pixels of the mask, iscrowd 0 and score, in the order of the
 * predictions.
 * @param predictions with masks, read against the annotation file; box and mask go as they are
 * @param warnings counts masks without a pixel, which are left out, and images without predictions
 * @throws InputError for a prediction without a mask and an annotation file without categories
 */
export function makeSubmission(
  { path, predictions }: { readonly path: string; readonly predictions: readonly Prediction[] },
  groundTruth: GroundTruth & { readonly path: string },
  warnings: Warnings,
  { scoreThreshold = -Infinity, polygons = false }: SubmissionOptions = {},
): Convertible {
  const { images, categories } = groundTruth.dataset;
  requireCategories(categories, groundTruth.path);
  const objects: ConvertibleObject[] = [];
  predictions.forEach((prediction, i) => {
    const { imageId, categoryId, score, box, mask } = prediction;
    if (mask === undefined) {
      const missing = predictions.filter((other) => other.mask === undefined).length;
      throw new InputError(
        `predictions ${path}: ${missing} of ${predictions.length} have no "segmentation", which a submission needs: ` +
          'give those with masks (predict.segm.json of `engine infer`)',
      );
    }
    if (score < scoreThreshold) {
      return;
    }
    if (rleArea(mask) === 0) {
      warnings.add(EMPTY, `prediction ${i} of ${path}`);
      return;
    }
    const object = objectOfMask(objects.length + 1, imageId, categoryId, mask);
    const segmentation = polygons ? polygonsFromRle(mask) : object.fields.segmentation;
    objects.push({ ...object, box, score, fields: { ...object.fields, bbox: box, segmentation, score } });
  });
  countEmptyImages(images, objects, groundTruth.path, warnings);
  const { header } = groundTruth;
  return {
    kind: 'dataset',
    header: { images: header.images, categories: header.categories },
    images,
    categories,
    objects,
  };
}

function requireCategories(categories: readonly Category[], path: string): void {
  if (categories.length === 0) {
    throw new InputError(
      `annotation file ${path} has no categories, which a submission needs: add "categories": [{"id": 1, "name": "…"}]`,
    );
  }
}

function countEmptyImages(
  images: readonly DatasetImage[],
  objects: readonly ConvertibleObject[],
  path: string,
  warnings: Warnings,
): void {
  const found = new Set(objects.map(({ imageId }) => imageId));
  for (const { id, fileName } of images) {
    if (!found.has(id)) {
      warnings.add(WITHOUT_PREDICTIONS, fileName === '' ? `image ${id} of ${path}` : fileName);
    }
  }
}
