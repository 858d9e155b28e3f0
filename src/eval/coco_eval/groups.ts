import { InputError } from '../../errors';
import type { Dataset, Prediction } from '../dataset';

/** The objects of one category in one image. */
export interface Group {
  /** Index among the categories by ascending id. */
  readonly category: number;
  /** Index among the images by ascending id. */
  readonly image: number;
  /** Indices into the predictions, highest score first (in the order of the file where equal), up to the last max-dets. */
  readonly detections: readonly number[];
  /** Indices into the annotations, in the order of the file. */
  readonly groundTruths: readonly number[];
}

/** What does not enter the figures because an image has more than the last max-dets. */
export interface Saturation {
  readonly imageId: number;
  readonly categoryId: number;
  /** Objects that are no crowd. */
  readonly objects: number;
  readonly detections: number;
}

export interface Grouping {
  readonly imageIds: readonly number[];
  readonly categoryIds: readonly number[];
  /** Those with objects or detections, by category, then image. */
  readonly groups: readonly Group[];
  /** Groups with more objects or more detections than `limit`. */
  readonly saturated: readonly Saturation[];
}

/**
 * Sorts annotations and predictions by category and image. As in pycocotools, those of a category that the dataset does
 * not list, and annotations of an image that it does not list, play no part.
 * @param limit detections of a group that count
 * @throws InputError for a prediction of an image that the dataset does not list
 */
export function groupObjects(dataset: Dataset, predictions: readonly Prediction[], limit: number): Grouping {
  const imageIds = ascending(dataset.images.map(({ id }) => id));
  const categoryIds = ascending(dataset.categories.map(({ id }) => id));
  const imageIndex = new Map(imageIds.map((id, index) => [id, index]));
  const categoryIndex = new Map(categoryIds.map((id, index) => [id, index]));
  const byKey = new Map<number, { detections: number[]; groundTruths: number[] }>();
  const groupOf = (image: number | undefined, categoryId: number): { detections: number[]; groundTruths: number[] } => {
    const category = categoryIndex.get(categoryId);
    if (image === undefined || category === undefined) {
      return { detections: [], groundTruths: [] };
    }
    const key = category * imageIds.length + image;
    let group = byKey.get(key);
    if (group === undefined) {
      group = { detections: [], groundTruths: [] };
      byKey.set(key, group);
    }
    return group;
  };
  dataset.annotations.forEach(({ imageId, categoryId }, index) => {
    groupOf(imageIndex.get(imageId), categoryId).groundTruths.push(index);
  });
  predictions.forEach(({ imageId, categoryId }, index) => {
    const image = imageIndex.get(imageId);
    if (image === undefined) {
      throw new InputError(
        `predictions[${index}] is for image ${imageId}, which the dataset does not list: give the annotation file that the predictions were made with`,
      );
    }
    groupOf(image, categoryId).detections.push(index);
  });
  const groups: Group[] = [];
  const saturated: Saturation[] = [];
  for (const key of ascending([...byKey.keys()])) {
    const { detections, groundTruths } = byKey.get(key)!;
    const [category, image] = [Math.floor(key / imageIds.length), key % imageIds.length];
    detections.sort((a, b) => byScore(predictions[a].score, predictions[b].score));
    const objects = groundTruths.filter((index) => !dataset.annotations[index].isCrowd).length;
    if (objects > limit || detections.length > limit) {
      const [imageId, categoryId] = [imageIds[image], categoryIds[category]];
      saturated.push({ imageId, categoryId, objects, detections: detections.length });
    }
    groups.push({ category, image, groundTruths, detections: detections.slice(0, limit) });
  }
  return { imageIds, categoryIds, groups, saturated };
}

/** Highest first, for stable sorts. */
export function byScore(a: number, b: number): number {
  return a > b ? -1 : a < b ? 1 : 0;
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
