import { bestMatch, type Candidates } from './coco_eval/match';

/**
 * What is known of one image before thresholds of IoU and score are chosen. It is plain JSON: computed once where masks
 * are at hand, matched wherever it is shown.
 */
export interface MatchCase {
  readonly objects: {
    /** Index of each object's category. */
    readonly categories: readonly number[];
    /** Square pixels. */
    readonly areas: readonly number[];
    /** 1 for a region of many objects, which is not scored against. */
    readonly crowds: readonly number[];
  };
  readonly detections: {
    readonly categories: readonly number[];
    readonly areas: readonly number[];
    /** Highest first. */
    readonly scores: readonly number[];
  };
  readonly overlaps: Overlaps;
}

/** The pairs of a detection and an object of one category with an IoU from some bound on. */
export interface Overlaps {
  /** The pairs of detection d: from starts[d] up to starts[d + 1]. */
  readonly starts: readonly number[];
  /** Of each pair; ascending for each detection. */
  readonly objects: readonly number[];
  /** Of each pair; with a crowd the share of the detection that it covers. */
  readonly ious: readonly number[];
}

/** An object is found or missed, a detection found or false; what has to do with a crowd is ignored. */
export type Verdict = 'found' | 'missed' | 'false' | 'ignored';

export interface Verdicts {
  readonly objects: readonly Verdict[];
  /** As many as reach the score: they are the first. */
  readonly detections: readonly Verdict[];
}

export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** 0 to 1; null where nothing is there to count. */
export interface Rates {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/**
 * Matches as COCO's evaluation does at one IoU: each detection, highest score first, takes the free object of its category
 * that it overlaps most, if by `minIou`; a crowd only where no object will do, and any number of detections the same one.
 *
 * A detection's match does not depend on those of lower scores. So one matching holds for all score thresholds: leaving out
 * the detections below a threshold leaves the matches of the others as they are.
 * @returns the object of each detection, -1 where it has none
 */
export function matchAtIou({ objects, detections, overlaps }: MatchCase, minIou: number): Int32Array {
  const candidates: Candidates = {
    starts: Uint32Array.from(overlaps.starts),
    groundTruths: Uint32Array.from(overlaps.objects),
    ious: Float64Array.from(overlaps.ious),
  };
  const crowds = Uint8Array.from(objects.crowds);
  const taken = new Uint8Array(crowds.length);
  return Int32Array.from(detections.scores, (_, d) => {
    const match = bestMatch(candidates, d, minIou, taken, crowds, crowds);
    if (match >= 0) {
      taken[match] = 1;
    }
    return match;
  });
}

/** How many detections reach the score. @param scores highest first */
export function countFrom(scores: readonly number[], minScore: number): number {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] >= minScore) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** What becomes of each object and each detection where those below `minScore` are left out. */
export function verdictsAt(
  { objects: { crowds }, detections: { scores } }: MatchCase,
  matches: Int32Array,
  minScore: number,
): Verdicts {
  const shown = matches.subarray(0, countFrom(scores, minScore));
  const objects = crowds.map((crowd): Verdict => (crowd === 1 ? 'ignored' : 'missed'));
  const detections = Array.from(shown, (match): Verdict => {
    if (match < 0) {
      return 'false';
    }
    if (crowds[match] === 1) {
      return 'ignored';
    }
    objects[match] = 'found';
    return 'found';
  });
  return { objects, detections };
}

/** Counts verdicts of objects and of detections, of one image or of many. */
export function countVerdicts(objects: Iterable<Verdict>, detections: Iterable<Verdict>): Counts {
  let [truePositives, falsePositives, falseNegatives] = [0, 0, 0];
  for (const verdict of objects) {
    truePositives += Number(verdict === 'found');
    falseNegatives += Number(verdict === 'missed');
  }
  for (const verdict of detections) {
    falsePositives += Number(verdict === 'false');
  }
  return { truePositives, falsePositives, falseNegatives };
}

/** Precision, recall and their harmonic mean F1. */
export function ratesOf({ truePositives, falsePositives, falseNegatives }: Counts): Rates {
  const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  return {
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, truePositives + falseNegatives),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}

/**
 * The counts of all images at each score threshold.
 * @param matches of each image, as `matchAtIou` gives them
 */
export function countsByScore(
  cases: readonly MatchCase[],
  matches: readonly Int32Array[],
  thresholds: readonly number[],
): Counts[] {
  const found: number[] = [];
  const wrong: number[] = [];
  let objects = 0;
  cases.forEach(({ objects: { crowds }, detections: { scores } }, image) => {
    objects += crowds.filter((crowd) => crowd === 0).length;
    matches[image].forEach((match, d) => {
      if (match < 0) {
        wrong.push(scores[d]);
      } else if (crowds[match] === 0) {
        found.push(scores[d]);
      }
    });
  });
  for (const scores of [found, wrong]) {
    scores.sort((a, b) => b - a);
  }
  return thresholds.map((threshold) => {
    const truePositives = countFrom(found, threshold);
    return {
      truePositives,
      falsePositives: countFrom(wrong, threshold),
      falseNegatives: objects - truePositives,
    };
  });
}
