import type { Prediction } from '../dataset';
import { byScore, type Group } from './groups';
import { IGNORED, MATCHED, type GroupMatch } from './match';
import { AREA_RANGES, IOU_THRESHOLDS, RECALL_THRESHOLDS } from './parameters';

const [AREAS, THRESHOLDS, RECALLS] = [AREA_RANGES.length, IOU_THRESHOLDS.length, RECALL_THRESHOLDS.length];

/** Everything that the figures are means of; -1 where a category has no object in an area range. */
export interface Accumulated {
  /** Precision at each recall threshold: [categories, areas, max-dets, IoU thresholds, recall thresholds]. */
  readonly precision: Float64Array;
  /** The score at which each recall is reached, 0 where it never is; as `precision`. */
  readonly scores: Float64Array;
  /** The highest recall: [categories, areas, max-dets, IoU thresholds]. */
  readonly recall: Float64Array;
  /** Objects that count: [categories, areas]. */
  readonly objects: Uint32Array;
}

/**
 * Precision and recall of each category over all images. Detections of all images are ordered by score (those of equal
 * score by image, then as within the image); precision is made to fall monotonously by taking, at each recall, the
 * highest at this or any higher recall.
 * @param groups by category, then image
 */
export function accumulate(
  groups: readonly Group[],
  matches: readonly GroupMatch[],
  predictions: readonly Prediction[],
  categories: number,
  maxDets: readonly number[],
): Accumulated {
  const curves = categories * AREAS * maxDets.length * THRESHOLDS;
  const result: Accumulated = {
    precision: new Float64Array(curves * RECALLS).fill(-1),
    scores: new Float64Array(curves * RECALLS).fill(-1),
    recall: new Float64Array(curves).fill(-1),
    objects: new Uint32Array(categories * AREAS),
  };
  for (let first = 0; first < groups.length;) {
    const { category } = groups[first];
    let end = first + 1;
    while (end < groups.length && groups[end].category === category) {
      end++;
    }
    accumulateCategory(result, category, groups.slice(first, end), matches.slice(first, end), predictions, maxDets);
    first = end;
  }
  return result;
}

function accumulateCategory(
  result: Accumulated,
  category: number,
  groups: readonly Group[],
  matches: readonly GroupMatch[],
  predictions: readonly Prediction[],
  maxDets: readonly number[],
): void {
  const ordered = orderDetections(groups, predictions);
  const flags = new Uint8Array(ordered.scores.length);
  for (let area = 0; area < AREAS; area++) {
    const objects = matches.reduce((sum, match) => sum + match.objects[area], 0);
    result.objects[category * AREAS + area] = objects;
    if (objects === 0) {
      continue;
    }
    for (let threshold = 0; threshold < THRESHOLDS; threshold++) {
      gatherFlags(flags, ordered, groups, matches, area * THRESHOLDS + threshold);
      maxDets.forEach((limit, m) => {
        const curve = curveIndex(maxDets.length, category, area, m) + threshold;
        const at = curve * RECALLS;
        result.recall[curve] = traceCurve(
          ordered,
          flags,
          limit,
          objects,
          result.precision.subarray(at, at + RECALLS),
          result.scores.subarray(at, at + RECALLS),
        );
      });
    }
  }
}

/** Place in `recall` of a category's value at the lowest IoU threshold; the others follow. */
export function curveIndex(limits: number, category: number, area: number, limit: number): number {
  return ((category * AREAS + area) * limits + limit) * THRESHOLDS;
}

/** The detections of a category, highest score first. */
interface Ordered {
  readonly scores: Float64Array;
  /** Place of each within its group: it counts where max-dets is above. */
  readonly ranks: Uint32Array;
  readonly groups: Uint32Array;
}

function orderDetections(groups: readonly Group[], predictions: readonly Prediction[]): Ordered {
  const ranks: number[] = [];
  const groupOf: number[] = [];
  const scores: number[] = [];
  groups.forEach(({ detections }, group) => {
    detections.forEach((index, rank) => {
      ranks.push(rank);
      groupOf.push(group);
      scores.push(predictions[index].score);
    });
  });
  const order = Uint32Array.from(scores.keys()).sort((a, b) => byScore(scores[a], scores[b]) || a - b);
  return {
    scores: Float64Array.from(order, (i) => scores[i]),
    ranks: order.map((i) => ranks[i]),
    groups: order.map((i) => groupOf[i]),
  };
}

function gatherFlags(
  flags: Uint8Array,
  { ranks, groups: groupOf }: Ordered,
  groups: readonly Group[],
  matches: readonly GroupMatch[],
  row: number,
): void {
  for (let i = 0; i < flags.length; i++) {
    const group = groupOf[i];
    flags[i] = matches[group].flags[row * groups[group].detections.length + ranks[i]];
  }
}

/** Fills one curve and gives its highest recall. */
function traceCurve(
  { scores, ranks }: Ordered,
  flags: Uint8Array,
  limit: number,
  objects: number,
  precision: Float64Array,
  scoreAt: Float64Array,
): number {
  const recalls = new Float64Array(flags.length);
  const precisions = new Float64Array(flags.length);
  const places = new Uint32Array(flags.length);
  let [count, found, wrong] = [0, 0, 0];
  for (let i = 0; i < flags.length; i++) {
    if (ranks[i] >= limit) {
      continue;
    }
    if ((flags[i] & IGNORED) === 0) {
      if ((flags[i] & MATCHED) !== 0) {
        found++;
      } else {
        wrong++;
      }
    }
    recalls[count] = found / objects;
    precisions[count] = found / (wrong + found + Number.EPSILON);
    places[count++] = i;
  }
  for (let i = count - 1; i > 0; i--) {
    precisions[i - 1] = Math.max(precisions[i - 1], precisions[i]);
  }
  let at = 0;
  RECALL_THRESHOLDS.forEach((recall, r) => {
    while (at < count && recalls[at] < recall) {
      at++;
    }
    precision[r] = at < count ? precisions[at] : 0;
    scoreAt[r] = at < count ? scores[places[at]] : 0;
  });
  return count === 0 ? 0 : recalls[count - 1];
}
