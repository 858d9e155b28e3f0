import type { Command } from 'commander';
import { readDataset } from '../data/dataset_file';
import { readPredictions } from '../data/prediction_file';
import { Warnings } from '../data/warnings';
import { writeFile } from '../data/write_file';
import { InputError } from '../errors';
import { challengeScore, countImage, sweepThreshold } from '../eval/challenge_score';
import type { Annotation, Dataset, Prediction } from '../eval/dataset';
import { maskIouOnCpu } from '../eval/mask_iou';
import type { Rle } from '../eval/rle';
import { number } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';
import {
  jsonFigures,
  describeBest,
  imageTable,
  pythonFloat,
  summary,
  sweepChart,
  type ComparedImage,
} from './score-output';

interface ScoreOptions {
  readonly scoreThreshold?: number;
  readonly perImage?: boolean;
  readonly sweep?: boolean;
  readonly svg?: string;
  readonly json?: string;
}

/** `engine score`: the particle challenge's score of predicted masks. */
export function registerScore(program: Command): void {
  program
    .command('score')
    .description("the particle challenge's score of predicted masks against the ground truth (its last line)")
    .argument('<gt>', 'annotation file (COCO: polygons or RLE)')
    .argument('<pred>', 'predictions: a results list, or an object with "annotations"')
    .option(
      '--score-threshold <score>',
      'score only predictions of this confidence on',
      number('--score-threshold', 0, 1),
    )
    .option('--per-image', 'print the figures of each image, the worst first')
    .option('--sweep', 'find the score threshold that gives the best score (over all predictions of the file)')
    .option('--svg <file>', 'with --sweep: plot score, precision and recall against the threshold')
    .option('--json <file>', 'write all figures')
    .action(score);
}

async function score(gtPath: string, predPath: string, options: ScoreOptions): Promise<void> {
  if (options.svg !== undefined && options.sweep !== true) {
    throw new InputError(`--svg ${options.svg} plots the scores of --sweep: add --sweep`);
  }
  await requireOtherFile(options.json, [gtPath, predPath], '--json');
  await requireOtherFile(options.svg, [gtPath, predPath], '--svg');
  const warnings = new Warnings();
  const dataset = await readDataset(gtPath, warnings, { masks: true });
  const { predictions } = await readPredictions(predPath, warnings, { masks: true, against: dataset });
  if (options.sweep === true && predictions.length > 0 && predictions.every((one) => one.score === 1)) {
    throw new InputError(
      `--sweep: every prediction of ${predPath} has the score 1, as in a submission, so there is no threshold to choose; ` +
        'give the results with scores (predict.segm.json)',
    );
  }
  const all = compare(dataset, predictions, gtPath, predPath);
  const threshold = options.scoreThreshold;
  const images = threshold === undefined ? all : all.map((image) => keepConfident(image, threshold));
  const counts = images.map(countImage);
  const total = challengeScore(counts);
  const perImage = images.map((image, i) => ({ ...image, figures: challengeScore([counts[i]]) }));
  const sweep = options.sweep === true ? sweepThreshold(all) : undefined;
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(jsonFigures(total, perImage, options, sweep), null, 1)}\n`);
  }
  if (options.svg !== undefined && sweep !== undefined) {
    await writeFile(options.svg, sweepChart(sweep, predPath));
  }
  printWarnings(warnings);
  const lines = [
    ...(options.perImage === true ? [...imageTable(perImage), ''] : []),
    ...summary(total, images),
    ...(sweep === undefined ? [] : describeBest(sweep.best, gtPath, predPath, predictions.length)),
    `score:${pythonFloat(total.score)}`,
  ];
  console.log(lines.join('\n'));
}

function compare(
  dataset: Dataset,
  predictions: readonly Prediction[],
  gtPath: string,
  predPath: string,
): ComparedImage[] {
  const objects = masksByImage(dataset.annotations, `annotation file ${gtPath}`, 'annotate outlines');
  const found = masksByImage(predictions, `predictions ${predPath}`, 'give those with masks (predict.segm.json)');
  const jobs = dataset.images.map(({ id }) => {
    const groundTruths = objects.get(id) ?? [];
    // a region of many objects counts as one object here
    return { detections: found.get(id) ?? [], groundTruths, crowd: groundTruths.map(() => false) };
  });
  const iou = maskIouOnCpu(
    jobs.map(({ detections, groundTruths, crowd }) => {
      const masksOf = (list: readonly WithMask<unknown>[]): Rle[] => list.map(({ mask }) => mask);
      return { detections: masksOf(detections), groundTruths: masksOf(groundTruths), crowd };
    }),
  );
  return dataset.images.map((image, i) => ({
    image,
    iou: iou[i],
    groundTruths: jobs[i].groundTruths.length,
    predictions: jobs[i].detections.length,
    scores: jobs[i].detections.map((detection) => detection.score),
  }));
}

type WithMask<T> = T & { readonly mask: Rle };

function masksByImage<T extends Annotation | Prediction>(
  list: readonly T[],
  where: string,
  wayOut: string,
): Map<number, WithMask<T>[]> {
  const hasMask = (object: T): object is WithMask<T> => object.mask !== undefined;
  const byImage = new Map<number, WithMask<T>[]>();
  for (const object of list) {
    if (!hasMask(object)) {
      const missing = list.filter((other) => !hasMask(other)).length;
      throw new InputError(
        `${where}: ${missing} of ${list.length} objects have no "segmentation", and the score compares masks: ${wayOut}`,
      );
    }
    const sameImage = byImage.get(object.imageId);
    if (sameImage === undefined) {
      byImage.set(object.imageId, [object]);
    } else {
      sameImage.push(object);
    }
  }
  return byImage;
}

function keepConfident(compared: ComparedImage, threshold: number): ComparedImage {
  const { iou, scores, groundTruths, predictions } = compared;
  const rows = Array.from({ length: predictions }, (_, row) => row).filter((row) => scores[row] >= threshold);
  const kept = new Float64Array(rows.length * groundTruths);
  rows.forEach((row, i) => {
    for (let column = 0; column < groundTruths; column++) {
      kept[i * groundTruths + column] = iou[row * groundTruths + column];
    }
  });
  return { ...compared, iou: kept, predictions: rows.length, scores: rows.map((row) => scores[row]) };
}
