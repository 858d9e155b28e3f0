import { Option, type Command } from 'commander';
import { AtomicFile } from '../data/atomic';
import { readDataset } from '../data/dataset_file';
import { readPredictions } from '../data/prediction_file';
import { Warnings } from '../data/warnings';
import type { CocoType } from '../eval/coco_eval/evaluate';
import type { Dataset, Prediction } from '../eval/dataset';
import { LEAST_IOU } from '../report/detection_data';
import { detectionPage } from '../report/detection_page';
import { number, wholeNumber, wholeNumbers } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';
import { Progress } from './progress';
import { warnOfSaturation } from './saturation';

interface ReportOptions {
  readonly gt: string;
  readonly pred: string;
  readonly images: string;
  readonly out: string;
  readonly type?: CocoType;
  readonly iou: number;
  readonly scoreThreshold: number;
  readonly maxImages: number;
  readonly imageSize: number;
  readonly maxDets: number[];
}

/** `engine report`: ground truth beside predictions as a page for the browser. */
export function registerReport(program: Command): void {
  program
    .command('report')
    .description('predictions beside ground truth, image by image, as one HTML file: misses, false finds, figures')
    .requiredOption('--gt <file>', 'COCO annotation file')
    .requiredOption('--pred <file>', 'predictions: COCO results, or an object with annotations')
    .requiredOption('--images <folder>', 'the folder that file_name in the annotation file starts from')
    .requiredOption('--out <file>', 'the HTML file to write')
    .addOption(
      new Option('--type <type>', 'compare masks or boxes; default: masks where both files have them').choices([
        'segm',
        'bbox',
      ]),
    )
    .option('--iou <share>', 'overlap from which an object counts as found', number('--iou', LEAST_IOU, 0.95), 0.5)
    .option('--score-threshold <score>', 'where the score slider starts', number('--score-threshold', 0, 1), 0.5)
    .option(
      '--max-images <number>',
      'show this many images, those with the most errors; figures are of all',
      wholeNumber('--max-images', 1, 100_000),
      200,
    )
    .option(
      '--image-size <pixels>',
      'scale images down to this longest side',
      wholeNumber('--image-size', 64, 8192),
      1024,
    )
    .option(
      '--max-dets <numbers>',
      'detections per image and class that count in the COCO figures',
      wholeNumbers('--max-dets', 1, 100_000),
      [1, 10, 100],
    )
    .action(report);
}

async function report(options: ReportOptions): Promise<void> {
  await requireOtherFile(options.out, [options.gt, options.pred]);
  const warnings = new Warnings();
  const masks = options.type !== 'bbox';
  const dataset = await readDataset(options.gt, warnings, { masks });
  const { predictions } = await readPredictions(options.pred, warnings, { masks, against: dataset });
  const file = await AtomicFile.create(options.out);
  let progress: Progress | undefined;
  try {
    const { html, shown, evaluation } = await detectionPage({
      ...options,
      dataset,
      predictions,
      type: options.type ?? typeOf(dataset, predictions),
      groundTruthPath: options.gt,
      predictionPath: options.pred,
      imageFolder: options.images,
      score: options.scoreThreshold,
      onImage: (name, total) => {
        progress ??= new Progress(total, 'images');
        progress.step(name);
      },
    });
    await file.write(html);
    await file.commit();
    const megabytes = (Buffer.byteLength(html) / 1e6).toFixed(1);
    const of = shown === dataset.images.length ? '' : ` of ${dataset.images.length}`;
    progress?.end();
    progress = undefined;
    warnOfSaturation(evaluation, dataset, warnings);
    printWarnings(warnings);
    console.log(`${shown}${of} images, ${predictions.length} predictions: ${options.out} (${megabytes} MB)`);
  } finally {
    progress?.end();
    await file.abort();
  }
}

/** Masks where both files have any, else boxes. */
function typeOf({ annotations }: Dataset, predictions: readonly Prediction[]): CocoType {
  const haveMasks = (list: readonly { readonly mask?: unknown }[]): boolean =>
    list.length === 0 || list.some(({ mask }) => mask !== undefined);
  return haveMasks(annotations) && haveMasks(predictions) ? 'segm' : 'bbox';
}
