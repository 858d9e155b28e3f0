import { curveIndex } from './accumulate';
import type { CocoEvaluation } from './evaluate';
import { IOU_THRESHOLDS, RECALL_THRESHOLDS } from './parameters';

/** Which curve: of all sizes, at the last max-dets. */
export interface CurveChoice {
  /** Index among `categoryIds`; absent for the mean of all categories that have objects. */
  readonly category?: number;
  /** An IoU threshold; absent for the mean of all. */
  readonly iou?: number;
}

/** Precision at each of the `RECALL_THRESHOLDS`; null where no category has objects. */
export function precisionCurve(evaluation: CocoEvaluation, choice: CurveChoice = {}): number[] | null {
  return meanCurve(evaluation, evaluation.precision, choice);
}

/** As `precisionCurve`: the score threshold that reaches each recall, 0 where none does. */
export function scoreCurve(evaluation: CocoEvaluation, choice: CurveChoice = {}): number[] | null {
  return meanCurve(evaluation, evaluation.scores, choice);
}

function meanCurve(
  { categoryIds, maxDets }: CocoEvaluation,
  values: Float64Array,
  { category, iou }: CurveChoice,
): number[] | null {
  const thresholds = iou === undefined ? [...IOU_THRESHOLDS.keys()] : [IOU_THRESHOLDS.indexOf(iou)];
  const starts = (category === undefined ? [...categoryIds.keys()] : [category])
    .flatMap((k) => thresholds.map((t) => curveIndex(maxDets.length, k, 0, maxDets.length - 1) + t))
    .map((curve) => curve * RECALL_THRESHOLDS.length)
    .filter((start) => values[start] > -1);
  return starts.length === 0
    ? null
    : RECALL_THRESHOLDS.map((_, r) => starts.reduce((sum, start) => sum + values[start + r], 0) / starts.length);
}
