import {
  countsByScore,
  countVerdicts,
  matchAtIou,
  ratesOf,
  verdictsAt,
  type Counts,
  type Verdict,
  type Verdicts,
} from '../../eval/match_at_threshold';
import type { DetectionData, DetectionImage } from '../detection_data';

export interface ImageState {
  readonly index: number;
  readonly image: DetectionImage;
  readonly matches: Int32Array;
  readonly verdicts: Verdicts;
  readonly counts: Counts;
}

const CURVE_STEPS = 100;

/** What all images come to at the chosen thresholds. */
export class DetectionState {
  images: readonly ImageState[] = [];
  private iouValue = 0;
  private scoreValue = 0;
  private matches: readonly Int32Array[] = [];

  constructor(readonly data: DetectionData) {
    this.setIou(data.iou);
    this.setScore(data.score);
  }

  get iou(): number {
    return this.iouValue;
  }

  get score(): number {
    return this.scoreValue;
  }

  setIou(iou: number): void {
    this.iouValue = iou;
    this.matches = this.data.images.map(({ match }) => matchAtIou(match, iou));
    this.setScore(this.scoreValue);
  }

  setScore(score: number): void {
    this.scoreValue = score;
    this.images = this.data.images.map((image, index): ImageState => {
      const matches = this.matches[index];
      const verdicts = verdictsAt(image.match, matches, score);
      return { index, image, matches, verdicts, counts: countVerdicts(verdicts.objects, verdicts.detections) };
    });
  }

  /** Counts of all images. */
  total(): Counts {
    return countVerdicts(
      this.images.flatMap(({ verdicts }) => verdicts.objects),
      this.images.flatMap(({ verdicts }) => verdicts.detections),
    );
  }

  /**
   * Counts by a group that each object and each detection belongs to: an object counts where it belongs, a false find
   * where it belongs itself.
   * @param groupOf the group's index, from its category and its area in square pixels
   */
  grouped(groups: number, groupOf: (category: number, area: number) => number): Counts[] {
    const objects = Array.from({ length: groups }, (): Verdict[] => []);
    const detections = Array.from({ length: groups }, (): Verdict[] => []);
    for (const { image, verdicts } of this.images) {
      for (const [lists, which] of [
        [objects, 'objects'],
        [detections, 'detections'],
      ] as const) {
        const { categories, areas } = image.match[which];
        verdicts[which].forEach((verdict, i) => lists[groupOf(categories[i], areas[i])]?.push(verdict));
      }
    }
    return objects.map((list, group) => countVerdicts(list, detections[group]));
  }

  /** The counts over the range of the slider. */
  curve(): { readonly score: number; readonly counts: Counts }[] {
    const [low, high] = this.data.scoreRange;
    const scores = Array.from({ length: CURVE_STEPS + 1 }, (_, i) => scoreStep(low, high, i));
    const cases = this.data.images.map(({ match }) => match);
    const counts = countsByScore(cases, this.matches, scores);
    return scores.map((score, i) => ({ score, counts: counts[i] }));
  }

  /** The threshold of the highest F1; the lowest such where several are equal. */
  bestScore(): number {
    const best = this.curve().reduce((a, b) => ((ratesOf(b.counts).f1 ?? 0) > (ratesOf(a.counts).f1 ?? 0) ? b : a));
    return best.score;
  }
}

/** The i-th of 101 thresholds; rounded, so that 0.07 is 0.07 and not 0.07 and a bit. */
function scoreStep(low: number, high: number, i: number): number {
  return Number((low + ((high - low) * i) / CURVE_STEPS).toPrecision(12));
}
