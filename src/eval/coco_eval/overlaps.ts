import { InputError } from '../../errors';
import type { Annotation, Dataset, Prediction } from '../dataset';
import { maskIouOnCpu, type MaskIouJob } from '../mask_iou';
import { boxIou, type Rle } from '../rle';
import type { Group } from './groups';

/** What overlap is measured by: boxes or masks. */
export type CocoType = 'bbox' | 'segm';

/**
 * IoU of the detections of each group with its objects (intersection over detection with crowds), row-major
 * [detections, groundTruths].
 * @throws InputError for `segm`, where an object or a prediction has no mask, and where the masks of a group differ in size
 */
export function groupIous(
  type: CocoType,
  groups: readonly Group[],
  dataset: Dataset,
  predictions: readonly Prediction[],
): Float64Array[] {
  return type === 'bbox'
    ? groups.map((group) => boxIous(group, dataset, predictions))
    : maskIouOnCpu(maskJobs(groups, dataset, predictions));
}

/** The masks of each group. Throws as `groupIous`. */
export function maskJobs(
  groups: readonly Group[],
  { annotations }: Dataset,
  predictions: readonly Prediction[],
): MaskIouJob[] {
  return groups.map((group) => ({
    detections: group.detections.map((index) => predictionMask(predictions[index], index)),
    groundTruths: group.groundTruths.map((index) => annotationMask(annotations[index])),
    crowd: group.groundTruths.map((index) => annotations[index].isCrowd),
  }));
}

function boxIous(group: Group, { annotations }: Dataset, predictions: readonly Prediction[]): Float64Array {
  const objects = group.groundTruths.map((index) => annotations[index]);
  return boxIou(
    group.detections.map((index) => predictions[index].box),
    objects.map(({ box }) => box),
    objects.map(({ isCrowd }) => isCrowd),
  );
}

function predictionMask({ mask }: Prediction, index: number): Rle {
  if (mask === undefined) {
    throw new InputError(
      `predictions[${index}] has no "segmentation", which masks are scored by: give the file with masks (predict.segm.json of engine infer), or score boxes with --type bbox`,
    );
  }
  return mask;
}

function annotationMask({ mask, id }: Annotation): Rle {
  if (mask === undefined) {
    throw new InputError(
      `annotation ${id} has no "segmentation", which masks are scored by: give an annotation file with masks, or score boxes with --type bbox`,
    );
  }
  return mask;
}
