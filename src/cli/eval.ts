import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { scoreClassMapFolders } from '../data/class_map_folders';
import { readDataset } from '../data/dataset_file';
import { isFolder } from '../data/make_folder';
import { readPredictions, type PredictionFile } from '../data/prediction_file';
import { Warnings } from '../data/warnings';
import { writeFile } from '../data/write_file';
import { InputError } from '../errors';
import { evaluateCoco, evaluateCocoWith, type CocoEvaluation, type CocoType } from '../eval/coco_eval/evaluate';
import { DEFAULT_MAX_DETS } from '../eval/coco_eval/parameters';
import type { Dataset, Prediction } from '../eval/dataset';
import { scoreLabelMaps } from '../eval/label_map';
import { gpuMaskIou } from '../eval/mask_iou_gpu';
import { evaluateVoc, type VocPoints } from '../eval/voc_ap';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { nodeHost } from '../node/webgpu';
import { adapterOption } from './adapter-option';
import { withDeviceAdvice } from './device-advice';
import { cocoChart, cocoOutput, labelOutput, vocOutput, type EvalOutput } from './eval-output';
import { number, wholeNumbers } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';
import { Progress } from './progress';
import { warnOfSaturation } from './saturation';

const METRICS = ['coco', 'voc', 'voc11', 'miou'] as const;
const DEVICES = ['auto', 'cpu', 'gpu'] as const;

interface EvalOptions {
  readonly gt: string;
  readonly pred: string;
  readonly type?: CocoType | 'both';
  readonly metric: (typeof METRICS)[number];
  readonly maxDets?: number[];
  readonly iou?: number;
  readonly perClass?: boolean;
  readonly json?: string;
  readonly plot?: string;
  readonly device: (typeof DEVICES)[number];
  readonly adapter: AdapterChoice;
}

/** `engine eval`: figures of predictions against annotations. */
export function registerEval(program: Command): void {
  program
    .command('eval')
    .description('score predictions against annotations: the COCO figures, VOC AP or mIoU')
    .requiredOption(
      '--gt <file>',
      'annotation file (COCO: polygons or RLE); for miou also a folder of label maps (class numbers)',
    )
    .requiredOption(
      '--pred <file>',
      'predictions: a results list, an object with "annotations", or a folder of label maps',
    )
    .addOption(
      new Option('--type <type>', 'compare boxes or masks; default: what both files have').choices([
        'bbox',
        'segm',
        'both',
      ]),
    )
    .addOption(
      new Option(
        '--metric <metric>',
        'coco; voc: VOC AP over all recalls; voc11: at 11 recalls; miou: IoU and accuracy of pixels, masks painted by rising score',
      )
        .choices(METRICS)
        .default('coco'),
    )
    .option(
      '--max-dets <numbers>',
      `coco: detections per image and class that count, default ${DEFAULT_MAX_DETS.join(',')}; AP goes by the last`,
      wholeNumbers('--max-dets', 1, 1_000_000),
    )
    .option('--iou <threshold>', 'voc, voc11: least IoU of a find, default 0.5', number('--iou', 0.01, 1))
    .option('--per-class', 'print the figures of each class; with --json also precision-recall curves')
    .option('--json <file>', 'write all figures, null where there is nothing to score')
    .option('--plot <file>', 'coco: write precision over recall as SVG')
    .addOption(
      new Option(
        '--device <device>',
        'coco: where the IoU of masks is computed, with the same figures; auto: the processor, the faster one wherever it was measured',
      )
        .choices(DEVICES)
        .default('auto'),
    )
    .addOption(adapterOption())
    .action(evaluate);
}

async function evaluate(options: EvalOptions): Promise<void> {
  checkOptions(options);
  await requireOtherFile(options.json, [options.gt, options.pred], '--json');
  await requireOtherFile(options.plot, [options.gt, options.pred], '--plot');
  const warnings = new Warnings();
  const output = (await areLabelMaps(options))
    ? await outputOfMaps(options, warnings)
    : await outputOfFiles(options, warnings);
  const { lines, figures, perClass } = output;
  if (options.json !== undefined) {
    const content = options.perClass === true ? { ...figures, per_class: perClass } : figures;
    await writeFile(options.json, `${JSON.stringify(content, null, 1)}\n`);
  }
  printWarnings(warnings);
  console.log(lines.join('\n'));
}

/** Whether both are folders, which only mIoU compares. */
async function areLabelMaps({ metric, gt, pred }: EvalOptions): Promise<boolean> {
  const [folder, other] = await Promise.all([isFolder(gt), isFolder(pred)]);
  if (metric === 'miou' && folder !== other) {
    throw new InputError(
      `${folder ? gt : pred} is a folder and ${folder ? pred : gt} is not: give two folders of label maps, or an ` +
        'annotation file and predictions',
    );
  }
  return metric === 'miou' && folder;
}

async function outputOfMaps({ gt, pred, perClass = false }: EvalOptions, warnings: Warnings): Promise<EvalOutput> {
  let progress: Progress | undefined;
  try {
    const scores = await scoreClassMapFolders(gt, pred, warnings, (name, total) => {
      progress ??= new Progress(total, 'label maps');
      progress.step(name);
    });
    const categories = scores.perClass.slice(1).map((_, i) => ({ id: i + 1, name: '' }));
    return labelOutput(scores, categories, perClass);
  } finally {
    progress?.end();
  }
}

async function outputOfFiles(options: EvalOptions, warnings: Warnings): Promise<EvalOutput> {
  const masks = options.type !== 'bbox';
  const dataset = await readDataset(options.gt, warnings, { masks });
  const { predictions, hasBoxes } = await readPredictions(options.pred, warnings, { masks, against: dataset });
  const types = typesOf(options, dataset, { predictions, hasBoxes });
  if (types.includes('bbox') && !hasBoxes) {
    warnings.add('predictions of masks alone, scored by the boxes around them', options.pred);
  }
  const input: EvalInput = { dataset, predictions, types };
  return outputOf(input, options, warnings);
}

interface EvalInput {
  readonly dataset: Dataset;
  readonly predictions: readonly Prediction[];
  readonly types: readonly CocoType[];
}

function checkOptions({ metric, type, maxDets, iou, plot, device }: EvalOptions): void {
  const misplaced = [
    metric !== 'coco' && maxDets !== undefined ? '--max-dets' : undefined,
    metric !== 'coco' && plot !== undefined ? '--plot' : undefined,
    metric !== 'coco' && device === 'gpu' ? '--device gpu' : undefined,
    !metric.startsWith('voc') && iou !== undefined ? '--iou' : undefined,
  ].find((option) => option !== undefined);
  if (misplaced !== undefined) {
    const needed = misplaced === '--iou' ? '--metric voc or voc11' : '--metric coco';
    throw new InputError(`${misplaced} goes with ${needed}, not with --metric ${metric}: leave one of them out`);
  }
  if (metric === 'miou' && type !== undefined && type !== 'segm') {
    throw new InputError(`--metric miou compares masks: leave out --type ${type}`);
  }
}

/** What is compared: as asked for, else all that both files have. */
function typesOf(
  { type, metric, gt, pred }: EvalOptions,
  { annotations }: Dataset,
  { predictions, hasBoxes }: Pick<PredictionFile, 'predictions' | 'hasBoxes'>,
): CocoType[] {
  if (type === 'bbox') {
    return ['bbox'];
  }
  const lists = [
    { list: annotations, where: `annotation file ${gt}: annotations` },
    { list: predictions, where: `predictions ${pred}: predictions` },
  ];
  const lacking = lists
    .map(({ list, where }) => ({ all: list.length, without: list.filter(({ mask }) => !mask).length, where }))
    .filter(({ without }) => without > 0);
  const isAsked = type !== undefined || metric === 'miou';
  const wrong = isAsked ? lacking[0] : lacking.find(({ without, all }) => without < all);
  if (wrong !== undefined) {
    const wayOut =
      metric === 'miou' ? 'give a file with masks' : 'give a file with masks, or score boxes with --type bbox';
    throw new InputError(`${wrong.where} without "segmentation": ${wrong.without} of ${wrong.all}; ${wayOut}`);
  }
  if (type === 'segm' || metric === 'miou') {
    return ['segm'];
  }
  if (lacking.length > 0) {
    return ['bbox'];
  }
  return type === 'both' || hasBoxes ? ['bbox', 'segm'] : ['segm'];
}

async function outputOf(
  { dataset, predictions, types }: EvalInput,
  options: EvalOptions,
  warnings: Warnings,
): Promise<EvalOutput> {
  const { metric, iou = 0.5, perClass = false, plot, gt, pred } = options;
  if (metric === 'miou') {
    return labelOutput(scoreLabelMaps(dataset, predictions), dataset.categories, perClass);
  }
  if (metric !== 'coco') {
    const points: VocPoints = metric === 'voc11' ? '11' : 'all';
    const evaluations = types.map((type) => ({
      type,
      evaluation: evaluateVoc(dataset, predictions, { type, points, iou }),
    }));
    return vocOutput(evaluations, { points, iou, perClass });
  }
  const evaluations = await evaluateTypes({ dataset, predictions, types }, options);
  if (dataset.annotations.some(({ id }) => id === 0)) {
    warnings.add('annotations of the id 0, never found by pycocotools and so not here (number them from 1)', gt);
  }
  warnOfSaturation(evaluations[0], dataset, warnings);
  if (plot !== undefined) {
    await writeFile(plot, cocoChart(evaluations, `Precision and recall: ${basename(pred)}`));
  }
  return cocoOutput(evaluations, perClass);
}

async function evaluateTypes(
  { dataset, predictions, types }: EvalInput,
  { maxDets, device, adapter }: EvalOptions,
): Promise<CocoEvaluation[]> {
  if (device !== 'gpu' || !types.includes('segm')) {
    return types.map((type) => evaluateCoco(dataset, predictions, { type, maxDets }));
  }
  const gpu = await GpuDevice.open(nodeHost, adapter);
  try {
    const maskIou = gpuMaskIou(gpu);
    return await withDeviceAdvice('leave --device gpu out', () =>
      Promise.all(types.map((type) => evaluateCocoWith(maskIou, dataset, predictions, { type, maxDets }))),
    );
  } finally {
    gpu.close();
  }
}
