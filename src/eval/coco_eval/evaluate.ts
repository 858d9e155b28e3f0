import { InputError } from '../../errors';
import type { Annotation, Dataset, Prediction } from '../dataset';
import { maskIouOnCpu, type MaskIou, type MaskIouJob } from '../mask_iou';
import { boxIou, type Rle } from '../rle';
import { accumulate, type Accumulated } from './accumulate';
import { groupObjects, type Group, type Grouping, type Saturation } from './groups';
import { matchGroup } from './match';
import { AREA_RANGES, DEFAULT_MAX_DETS, orderedMaxDets } from './parameters';
import { figuresOf, type CocoFigures } from './summarize';

/** What overlap is measured by: boxes or masks. */
export type CocoType = 'bbox' | 'segm';

export interface CocoOptions {
  readonly type: CocoType;
  /** Detections per image and category that count, several numbers for several figures; default 1, 10, 100. */
  readonly maxDets?: readonly number[];
}

export interface CocoClassFigures {
  readonly id: number;
  readonly name: string;
  /** Annotated objects that are no crowd. */
  readonly objects: number;
  readonly figures: CocoFigures;
}

/**
 * An evaluation. Curves are held flat, in the layouts of `Accumulated`. -1 stands where a category has no object in an area range.
 */
export interface CocoEvaluation extends Accumulated {
  readonly type: CocoType;
  /** Ascending. */
  readonly maxDets: readonly number[];
  /** Ascending, the order of the first axis of the curves. */
  readonly categoryIds: readonly number[];
  readonly figures: CocoFigures;
  /** In the order of `categoryIds`. */
  readonly perClass: readonly CocoClassFigures[];
  /** Images and categories with more objects or detections than the last max-dets. */
  readonly saturated: readonly Saturation[];
}

/**
 * COCO's detection and segmentation figures, with the semantics of pycocotools' COCOeval (https://cocodataset.org/#detection-eval;
 * Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014): precision at 101 recalls, averaged over the IoU
 * thresholds 0.50 to 0.95 and over the categories; the highest recall, averaged likewise.
 *
 * Detections are matched by category, highest score first. Crowd regions are not scored: detections within them count
 * neither for nor against. Sizes go by the annotation's `area` in square pixels.
 * @throws InputError for a prediction of an image that the dataset does not list; for `segm`, where an object or a
 * prediction has no mask, and where the masks of an image have different sizes
 */
export function evaluateCoco(
  dataset: Dataset,
  predictions: readonly Prediction[],
  options: CocoOptions,
): CocoEvaluation {
  const maxDets = orderedMaxDets(options.maxDets ?? DEFAULT_MAX_DETS);
  const grouping = groupObjects(dataset, predictions, maxDets[maxDets.length - 1]);
  const ious =
    options.type === 'bbox'
      ? grouping.groups.map((group) => boxIous(group, dataset, predictions))
      : maskIouOnCpu(maskJobs(grouping.groups, dataset, predictions));
  return summary(dataset, predictions, options.type, maxDets, grouping, ious);
}

/** As `evaluateCoco`, with mask IoU computed elsewhere, such as on a GPU (`GpuMaskIou`). */
export async function evaluateCocoWith(
  maskIou: MaskIou,
  dataset: Dataset,
  predictions: readonly Prediction[],
  options: CocoOptions,
): Promise<CocoEvaluation> {
  if (options.type === 'bbox') {
    return evaluateCoco(dataset, predictions, options);
  }
  const maxDets = orderedMaxDets(options.maxDets ?? DEFAULT_MAX_DETS);
  const grouping = groupObjects(dataset, predictions, maxDets[maxDets.length - 1]);
  const ious = await maskIou(maskJobs(grouping.groups, dataset, predictions));
  return summary(dataset, predictions, options.type, maxDets, grouping, ious);
}

function summary(
  dataset: Dataset,
  predictions: readonly Prediction[],
  type: CocoType,
  maxDets: readonly number[],
  { groups, categoryIds, saturated }: Grouping,
  ious: readonly Float64Array[],
): CocoEvaluation {
  const matches = groups.map((group, i) => matchGroup(group, ious[i], dataset.annotations, predictions));
  const accumulated = accumulate(groups, matches, predictions, categoryIds.length, maxDets);
  const curves = { ...accumulated, maxDets, categoryIds };
  const names = new Map(dataset.categories.map(({ id, name }) => [id, name]));
  return {
    type,
    ...curves,
    figures: figuresOf(curves, categoryIds.keys()),
    perClass: categoryIds.map((id, k) => ({
      id,
      name: names.get(id) ?? '',
      objects: accumulated.objects[k * AREA_RANGES.length],
      figures: figuresOf(curves, [k]),
    })),
    saturated,
  };
}

function boxIous(group: Group, { annotations }: Dataset, predictions: readonly Prediction[]): Float64Array {
  const objects = group.groundTruths.map((index) => annotations[index]);
  return boxIou(
    group.detections.map((index) => predictions[index].box),
    objects.map(({ box }) => box),
    objects.map(({ isCrowd }) => isCrowd),
  );
}

function maskJobs(
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
