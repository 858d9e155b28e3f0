import { groupObjects, byScore, type Group } from './coco_eval/groups';
import { groupIous, type CocoType } from './coco_eval/overlaps';
import type { Dataset, Prediction } from './dataset';

/** Where precision is averaged: over all recalls (VOC 2010 and later), or at 0, 0.1, …, 1 (VOC 2007). */
export type VocPoints = 'all' | '11';

export interface VocOptions {
  readonly type: CocoType;
  /** Default 'all'. */
  readonly points?: VocPoints;
  /** Least IoU of a find; default 0.5. */
  readonly iou?: number;
}

export interface VocClass {
  readonly id: number;
  readonly name: string;
  /** Objects that are neither difficult nor crowds. */
  readonly objects: number;
  /** null without objects. */
  readonly ap: number | null;
  /** After each detection that counts, highest score first; empty without objects. */
  readonly recall: Float64Array;
  /** As `recall`; not made monotonous. */
  readonly precision: Float64Array;
}

export interface VocEvaluation {
  /** Mean AP of the classes with objects; null without any. */
  readonly mean: number | null;
  /** By ascending category id. */
  readonly perClass: readonly VocClass[];
}

/**
 * PASCAL VOC's average precision, with the semantics of the development kit's VOCevaldet (Everingham et al., The PASCAL
 * Visual Object Classes Challenge, IJCV 2010 and 2015): each detection, highest score first, belongs to the object of its
 * class that it overlaps most (the first one on a tie), and is a find where the IoU reaches the threshold and no earlier
 * detection has found the object. Detections of difficult objects and of crowds count neither for nor against. There is
 * no limit of detections per image.
 *
 * Boxes are COCO's: VOC's xmax - xmin + 1 is the width here, so that the IoU is the same.
 * @throws InputError as `evaluateCoco`
 */
export function evaluateVoc(dataset: Dataset, predictions: readonly Prediction[], options: VocOptions): VocEvaluation {
  const { type, points = 'all', iou: threshold = 0.5 } = options;
  const { groups, categoryIds } = groupObjects(dataset, predictions, Infinity);
  const ious = groupIous(type, groups, { ...dataset, annotations: dataset.annotations.map(notCrowd) }, predictions);
  const names = new Map(dataset.categories.map(({ id, name }) => [id, name]));
  const perClass = categoryIds.map((id, category): VocClass => {
    const images = groups.flatMap((group, i) => (group.category === category ? [{ group, ious: ious[i] }] : []));
    const objects = images.reduce(
      (sum, { group }) => sum + group.groundTruths.filter((index) => !isIgnored(dataset, index)).length,
      0,
    );
    const head = { id, name: names.get(id) ?? '', objects };
    if (objects === 0) {
      return { ...head, ap: null, recall: new Float64Array(), precision: new Float64Array() };
    }
    const outcomes = images.flatMap((image) => findsOf(image, dataset, threshold));
    const curve = precisionAndRecall(outcomes, predictions, objects);
    return { ...head, ...curve, ap: averagePrecision(curve.recall, curve.precision, points) };
  });
  const aps = perClass.flatMap(({ ap }) => (ap === null ? [] : [ap]));
  return { mean: aps.length === 0 ? null : aps.reduce((sum, ap) => sum + ap, 0) / aps.length, perClass };
}

/**
 * Area below precision over recall.
 * @param recall ascending
 * @param precision at each recall
 */
export function averagePrecision(
  recall: ArrayLike<number>,
  precision: ArrayLike<number>,
  points: VocPoints = 'all',
): number {
  const best = highestFrom(precision);
  if (points === '11') {
    let sum = 0;
    for (let tenth = 0; tenth <= 10; tenth++) {
      const at = Array.prototype.findIndex.call(recall, (value: number) => value >= tenth / 10);
      sum += at < 0 ? 0 : best[at];
    }
    return sum / 11;
  }
  let [area, reached] = [0, 0];
  for (let i = 0; i < recall.length; i++) {
    area += (recall[i] - reached) * best[i];
    reached = recall[i];
  }
  return area;
}

/** At each place the highest precision there or later. */
function highestFrom(precision: ArrayLike<number>): Float64Array {
  const best = Float64Array.from(precision);
  for (let i = best.length - 1; i > 0; i--) {
    best[i - 1] = Math.max(best[i - 1], best[i]);
  }
  return best;
}

interface Outcome {
  readonly prediction: number;
  readonly isFind: boolean;
}

/** What becomes of an image's detections; those that do not count are left out. */
function findsOf(
  { group, ious }: { readonly group: Group; readonly ious: Float64Array },
  dataset: Dataset,
  threshold: number,
): Outcome[] {
  const found = new Set<number>();
  return group.detections.flatMap((prediction, d) => {
    const row = ious.subarray(d * group.groundTruths.length, (d + 1) * group.groundTruths.length);
    const best = row.reduce((most, iou, g) => (most < 0 || iou > row[most] ? g : most), -1);
    if (best < 0 || row[best] < threshold) {
      return [{ prediction, isFind: false }];
    }
    if (isIgnored(dataset, group.groundTruths[best])) {
      return [];
    }
    const isFind = !found.has(best);
    found.add(best);
    return [{ prediction, isFind }];
  });
}

function precisionAndRecall(
  outcomes: readonly Outcome[],
  predictions: readonly Prediction[],
  objects: number,
): { recall: Float64Array; precision: Float64Array } {
  const ordered = [...outcomes].sort(
    (a, b) => byScore(predictions[a.prediction].score, predictions[b.prediction].score) || a.prediction - b.prediction,
  );
  const recall = new Float64Array(ordered.length);
  const precision = new Float64Array(ordered.length);
  let finds = 0;
  ordered.forEach(({ isFind }, i) => {
    finds += Number(isFind);
    recall[i] = finds / objects;
    precision[i] = finds / (i + 1);
  });
  return { recall, precision };
}

function isIgnored({ annotations }: Dataset, index: number): boolean {
  return annotations[index].isCrowd || annotations[index].isDifficult === true;
}

function notCrowd<T extends { readonly isCrowd: boolean }>(annotation: T): T {
  return { ...annotation, isCrowd: false };
}
