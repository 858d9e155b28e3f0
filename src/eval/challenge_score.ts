/*
 * The particle challenge's score: an F-measure of mask IoU in which neither classes nor confidence play a part.
 *
 * In each image a prediction counts for the ground truth that it overlaps best only (for several on an exact tie), with
 * their IoU. A ground truth with such a prediction is a true positive that contributes the best IoU, one without is a
 * false negative. Where k >= 2 of a ground truth's predictions have an IoU above 0.1, k - 1 are false positives.
 * Predictions that overlap no ground truth cost nothing.
 */

/** IoU above which a second prediction of one object is a false positive. */
const DUPLICATE_IOU = 0.1;

/** The mask IoU of one image. */
export interface ImageIou {
  /** Row-major [predictions, groundTruths]. */
  readonly iou: ArrayLike<number>;
  readonly predictions: number;
  readonly groundTruths: number;
}

export interface ChallengeCounts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  /** Over the true positives. */
  readonly iouSum: number;
}

export interface ChallengeScore extends ChallengeCounts {
  /** iouSum / (truePositives + falsePositives); 0 where there are none. */
  readonly precision: number;
  /** iouSum / (truePositives + falseNegatives); 0 without ground truths. */
  readonly recall: number;
  /** Harmonic mean of both; 0 where both are 0. */
  readonly score: number;
}

/** Counts of one image. */
export function countImage(image: ImageIou): ChallengeCounts {
  const found = new FoundObjects(image.groundTruths);
  for (let p = 0; p < image.predictions; p++) {
    found.add(bestOverlaps(image, p));
  }
  return found.counts();
}

/** The score of a set of images; sums run over the images in order, so that equal counts give equal bits. */
export function challengeScore(images: Iterable<ChallengeCounts>): ChallengeScore {
  const total = { truePositives: 0, falsePositives: 0, falseNegatives: 0, iouSum: 0 };
  for (const { truePositives, falsePositives, falseNegatives, iouSum } of images) {
    total.truePositives += truePositives;
    total.falsePositives += falsePositives;
    total.falseNegatives += falseNegatives;
    total.iouSum += iouSum;
  }
  const precision = ratio(total.iouSum, total.truePositives + total.falsePositives);
  const recall = ratio(total.iouSum, total.truePositives + total.falseNegatives);
  return { ...total, precision, recall, score: ratio(2 * precision * recall, precision + recall) };
}

/** An image with the confidence of each prediction, in the order of the rows. */
export interface ScoredImageIou extends ImageIou {
  readonly scores: ArrayLike<number>;
}

export interface ThresholdScore extends ChallengeScore {
  /** Predictions of this confidence and above are kept. */
  readonly threshold: number;
  /** How many these are. */
  readonly predictions: number;
}

export interface ThresholdSweep {
  /** For every distinct confidence, ascending. */
  readonly steps: readonly ThresholdScore[];
  /** The step with the highest score; of equals the one with the highest threshold. Null without predictions. */
  readonly best: ThresholdScore | null;
}

/**
 * The score as a function of the least confidence that is kept. A prediction's best overlap does not depend on the other
 * predictions, so they are added one after another, most confident first. Each step has the very bits that
 * `countImage` and `challengeScore` give for the predictions kept.
 */
export function sweepThreshold(images: readonly ScoredImageIou[]): ThresholdSweep {
  const found = images.map((image) => new FoundObjects(image.groundTruths));
  const counts = found.map((image) => image.counts());
  const order = images
    .flatMap((image, i) =>
      Array.from({ length: image.predictions }, (_, row) => ({ i, row, score: image.scores[row] })),
    )
    .sort((a, b) => b.score - a.score);
  const steps: ThresholdScore[] = [];
  const touched = new Set<number>();
  for (const [n, { i, row, score }] of order.entries()) {
    found[i].add(bestOverlaps(images[i], row));
    touched.add(i);
    if (order[n + 1]?.score !== score) {
      for (const image of touched) {
        counts[image] = found[image].counts();
      }
      touched.clear();
      steps.push({ threshold: score, predictions: n + 1, ...challengeScore(counts) });
    }
  }
  const best = steps.reduce<ThresholdScore | null>((top, step) => (step.score > (top?.score ?? -1) ? step : top), null);
  return { steps: steps.reverse(), best };
}

interface Overlap {
  readonly groundTruth: number;
  readonly iou: number;
}

/** The ground truths that a prediction overlaps best: one, several on an exact tie, none where it overlaps nothing. */
function bestOverlaps({ iou, groundTruths }: ImageIou, row: number): Overlap[] {
  let best: Overlap[] = [];
  for (let groundTruth = 0; groundTruth < groundTruths; groundTruth++) {
    const value = iou[row * groundTruths + groundTruth];
    if (value > (best[0]?.iou ?? 0)) {
      best = [];
    }
    if (value > 0 && value >= (best[0]?.iou ?? 0)) {
      best.push({ groundTruth, iou: value });
    }
  }
  return best;
}

/** What the predictions that were added so far find of one image's ground truths. */
class FoundObjects {
  private readonly bestIou: Float64Array;
  /** Predictions above `DUPLICATE_IOU`. */
  private readonly close: Uint32Array;

  constructor(groundTruths: number) {
    this.bestIou = new Float64Array(groundTruths);
    this.close = new Uint32Array(groundTruths);
  }

  add(overlaps: readonly Overlap[]): void {
    for (const { groundTruth, iou } of overlaps) {
      this.bestIou[groundTruth] = Math.max(this.bestIou[groundTruth], iou);
      this.close[groundTruth] += iou > DUPLICATE_IOU ? 1 : 0;
    }
  }

  counts(): ChallengeCounts {
    let [truePositives, falsePositives, iouSum] = [0, 0, 0];
    for (const [g, iou] of this.bestIou.entries()) {
      truePositives += iou > 0 ? 1 : 0;
      iouSum += iou;
      falsePositives += Math.max(0, this.close[g] - 1);
    }
    return { truePositives, falsePositives, falseNegatives: this.bestIou.length - truePositives, iouSum };
  }
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}
