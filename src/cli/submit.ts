import type { Command } from 'commander';
import { readGroundTruth, writeCocoFile } from '../data/convert/coco_files';
import { readPredictions } from '../data/prediction_file';
import { makeSubmission } from '../data/submission';
import { Warnings } from '../data/warnings';
import { number } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';

interface SubmitOptions {
  readonly pred: string;
  readonly gt: string;
  readonly out: string;
  readonly scoreThreshold?: number;
  readonly polygons?: boolean;
}

/** `engine submit`: predictions as one COCO object, the form in which challenges and annotation tools take them. */
export function registerSubmit(program: Command): void {
  program
    .command('submit')
    .description('make one COCO object (images, categories, annotations) of predictions, checked against their images')
    .requiredOption('--pred <file>', 'predictions with masks: predict.segm.json')
    .requiredOption('--gt <file>', 'annotation file that lists the images and categories; its annotations are not used')
    .requiredOption('--out <file>', 'the file to write')
    .option(
      '--score-threshold <score>',
      'leave out predictions below this score, 0 to 1',
      number('--score-threshold', 0, 1),
    )
    .option('--polygons', 'write masks as polygons of the same pixels, not as compressed RLE')
    .action(submit);
}

async function submit({ pred, gt, out, ...options }: SubmitOptions): Promise<void> {
  await requireOtherFile(out, [pred, gt]);
  const warnings = new Warnings();
  // What is odd about annotations that go nowhere is not told.
  const groundTruth = { path: gt, ...(await readGroundTruth(gt, new Warnings())) };
  const { predictions } = await readPredictions(pred, warnings, { masks: true, against: groundTruth.dataset });
  const submission = makeSubmission({ path: pred, predictions }, groundTruth, warnings, options);
  await writeCocoFile(out, submission);
  printWarnings(warnings);
  const { objects, images } = submission;
  const found = new Set(objects.map(({ imageId }) => imageId)).size;
  console.log(`${objects.length} objects in ${found} of ${images.length} images: ${out}`);
}
