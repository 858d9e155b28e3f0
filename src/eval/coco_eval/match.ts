import type { Annotation, Prediction } from '../dataset';
import type { Group } from './groups';
import { AREA_RANGES, IOU_THRESHOLDS } from './parameters';

/** The detection found an object (which may be an ignored one). */
export const MATCHED = 1;
/** The detection counts neither for nor against. */
export const IGNORED = 2;

export interface GroupMatch {
  /** MATCHED and IGNORED of each detection, [areas, IoU thresholds, detections]. */
  readonly flags: Uint8Array;
  /** Objects that count, by area. */
  readonly objects: Uint32Array;
}

/** Detections and the objects that they overlap enough for the lowest threshold. */
export interface Candidates {
  /** Of detection d: from starts[d] up to starts[d + 1]. */
  readonly starts: Uint32Array;
  /** Ascending for each detection. */
  readonly groundTruths: Uint32Array;
  readonly ious: Float64Array;
}

/**
 * Gives each detection, highest score first, the free object that it overlaps most (the later one on a tie), for each
 * area range and IoU threshold. Crowds and objects outside of the area range are ignored: they are taken only where no
 * other object will do, and a crowd by any number of detections. Detections outside of the area range that find nothing
 * are ignored too.
 * @param ious row-major [detections, groundTruths] of the group
 */
export function matchGroup(
  group: Group,
  ious: Float64Array,
  annotations: readonly Annotation[],
  predictions: readonly Prediction[],
): GroupMatch {
  const [d, g] = [group.detections.length, group.groundTruths.length];
  const candidates = candidatesOf(ious, d, g);
  const objects = group.groundTruths.map((index) => annotations[index]);
  const isCrowd = Uint8Array.from(objects, ({ isCrowd }) => Number(isCrowd));
  const flags = new Uint8Array(AREA_RANGES.length * IOU_THRESHOLDS.length * d);
  const counted = new Uint32Array(AREA_RANGES.length);
  const taken = new Uint8Array(g);
  AREA_RANGES.forEach(({ min, max }, a) => {
    const ignored = Uint8Array.from(objects, ({ isCrowd, area }) => Number(isCrowd || area < min || area > max));
    const outside = Uint8Array.from(group.detections, (index) => {
      const { area } = predictions[index];
      return area < min || area > max ? IGNORED : 0;
    });
    counted[a] = ignored.reduce((sum, flag) => sum + 1 - flag, 0);
    IOU_THRESHOLDS.forEach((threshold, t) => {
      taken.fill(0);
      const row = flags.subarray((a * IOU_THRESHOLDS.length + t) * d, (a * IOU_THRESHOLDS.length + t + 1) * d);
      for (let i = 0; i < d; i++) {
        const match = bestMatch(candidates, i, threshold, taken, ignored, isCrowd);
        if (match < 0) {
          row[i] = outside[i];
          continue;
        }
        taken[match] = 1;
        // pycocotools marks a match by the object's id, so that the id 0 reads as no match: kept, for equal figures
        row[i] = objects[match].id === 0 ? outside[i] : MATCHED;
        row[i] |= ignored[match] === 1 ? IGNORED : 0;
      }
    });
  });
  return { flags, objects: counted };
}

function candidatesOf(ious: Float64Array, detections: number, groundTruths: number): Candidates {
  const starts = new Uint32Array(detections + 1);
  const found: number[] = [];
  for (let d = 0; d < detections; d++) {
    for (let i = d * groundTruths; i < (d + 1) * groundTruths; i++) {
      if (ious[i] >= IOU_THRESHOLDS[0]) {
        found.push(i);
      }
    }
    starts[d + 1] = found.length;
  }
  return {
    starts,
    groundTruths: Uint32Array.from(found, (i) => i % groundTruths),
    ious: Float64Array.from(found, (i) => ious[i]),
  };
}

/** The index of the object for a detection, or -1. */
export function bestMatch(
  { starts, groundTruths, ious }: Candidates,
  detection: number,
  threshold: number,
  taken: Uint8Array,
  ignored: Uint8Array,
  isCrowd: Uint8Array,
): number {
  const [first, end] = [starts[detection], starts[detection + 1]];
  let best = -1;
  for (let wanted = 0; wanted < 2 && best < 0; wanted++) {
    let least = Math.min(threshold, 1 - 1e-10);
    for (let i = first; i < end; i++) {
      const object = groundTruths[i];
      if (ignored[object] === wanted && ious[i] >= least && (taken[object] === 0 || isCrowd[object] === 1)) {
        least = ious[i];
        best = object;
      }
    }
  }
  return best;
}
