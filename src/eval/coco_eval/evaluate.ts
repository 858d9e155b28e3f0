import type { Dataset, Prediction } from '../dataset';
import type { MaskIou } from '../mask_iou';
import { accumulate, type Accumulated } from './accumulate';
import { groupObjects, type Grouping, type Saturation } from './groups';
import { matchGroup } from './match';
import { groupIous, maskJobs, type CocoType } from './overlaps';
import { AREA_RANGES, DEFAULT_MAX_DETS, orderedMaxDets } from './parameters';
import { figuresOf, type CocoFigures } from './summarize';

export type { CocoType };

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
  const ious = groupIous(options.type, grouping.groups, dataset, predictions);
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
