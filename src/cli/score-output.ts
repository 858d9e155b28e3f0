import type { ChallengeScore, ScoredImageIou, ThresholdScore, ThresholdSweep } from '../eval/challenge_score';
import type { DatasetImage } from '../eval/dataset';
import { lineChart } from '../report/chart';
import { textTable } from '../text_table';

/** One image of the ground truth, compared with its predictions. */
export interface ComparedImage extends ScoredImageIou {
  readonly image: DatasetImage;
}

export interface ImageFigures extends ComparedImage {
  /** Of this image alone. */
  readonly figures: ChallengeScore;
}

/** Lines: precision, recall, counts. */
export function summary(total: ChallengeScore, images: readonly ComparedImage[]): string[] {
  const predictions = images.reduce((sum, image) => sum + image.predictions, 0);
  const objects = total.truePositives + total.falseNegatives;
  return [
    `precision: ${pythonFloat(total.precision)}`,
    `recall: ${pythonFloat(total.recall)}`,
    `true positives: ${total.truePositives} (sum of IoU ${pythonFloat(total.iouSum)})`,
    `false positives: ${total.falsePositives}`,
    `false negatives: ${total.falseNegatives}`,
    `images: ${images.length} (${objects} objects, ${predictions} predictions)`,
  ];
}

/** Lines: the best threshold, and the command that uses it. */
export function describeBest(
  best: ThresholdScore | null,
  gtPath: string,
  predPath: string,
  predictions: number,
): string[] {
  if (best === null) {
    return ['best threshold: none, there are no predictions'];
  }
  const { threshold, precision, recall } = best;
  const canBeUsed = threshold >= 0 && threshold <= 1;
  return [
    `best threshold: ${threshold} (score ${pythonFloat(best.score)}, precision ${precision.toFixed(4)}, ` +
      `recall ${recall.toFixed(4)}, ${best.predictions} of ${predictions} predictions kept)`,
    canBeUsed
      ? `use it: engine submit --pred ${shellWord(predPath)} --gt ${shellWord(gtPath)} --score-threshold ${threshold} ` +
        '--out submission.json'
      : 'to use it, write the scores of the file on a scale from 0 to 1: --score-threshold has no others',
  ];
}

/** The worst images first; those without objects, which have no score, last. */
export function imageTable(images: readonly ImageFigures[]): string[] {
  const rank = ({ groundTruths, figures }: ImageFigures): number => (groundTruths === 0 ? 2 : figures.score);
  const rows = [...images]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ image, groundTruths, figures }) => {
      const shares = [figures.score, figures.precision, figures.recall];
      return [
        image.fileName === '' ? `image ${image.id}` : image.fileName,
        ...shares.map((share) => (groundTruths === 0 ? '-' : share.toFixed(4))),
        ...[figures.truePositives, figures.falsePositives, figures.falseNegatives].map(String),
      ];
    });
  return textTable(['image', 'score', 'precision', 'recall', 'TP', 'FP', 'FN'], rows);
}

/** Score, precision and recall against the threshold, as SVG. */
export function sweepChart({ steps, best }: ThresholdSweep, predPath: string): string {
  const series = (['score', 'precision', 'recall'] as const).map((name) => ({
    name,
    points: steps.map((step) => [step.threshold, step[name]] as const),
  }));
  return lineChart({
    title: `Score by threshold: ${predPath.split('/').at(-1)}`,
    x: { label: 'score threshold (confidence kept from)' },
    y: { label: 'share' },
    series,
    ...(best === null
      ? {}
      : {
          mark: {
            x: best.threshold,
            y: best.score,
            label: `best: ${best.score.toFixed(4)} at ${Number(best.threshold.toFixed(4))}`,
          },
        }),
  });
}

/** All figures for a JSON file. */
export function jsonFigures(
  total: ChallengeScore,
  images: readonly ImageFigures[],
  { scoreThreshold = null }: { readonly scoreThreshold?: number | null },
  sweep: ThresholdSweep | undefined,
): unknown {
  const step = (one: ThresholdScore): unknown => ({
    threshold: one.threshold,
    predictions: one.predictions,
    ...figuresOf(one),
  });
  return {
    ...figuresOf(total),
    score_threshold: scoreThreshold,
    images: images.map(({ image, groundTruths, predictions, figures }) => ({
      image_id: image.id,
      file_name: image.fileName,
      objects: groundTruths,
      predictions,
      ...figuresOf(figures),
    })),
    ...(sweep === undefined
      ? {}
      : { sweep: { best: sweep.best === null ? null : step(sweep.best), steps: sweep.steps.map(step) } }),
  };
}

function figuresOf(figures: ChallengeScore): Record<string, number> {
  return {
    score: figures.score,
    precision: figures.precision,
    recall: figures.recall,
    true_positives: figures.truePositives,
    false_positives: figures.falsePositives,
    false_negatives: figures.falseNegatives,
    iou_sum: figures.iouSum,
  };
}

/** A number from 0 on as Python prints a float, which the challenge's own script does: with ".0", and 1e-05 for 1e-5. */
export function pythonFloat(value: number): string {
  if (Number.isInteger(value)) {
    return value.toFixed(1);
  }
  return value < 1e-4 ? value.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(value);
}

function shellWord(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
