import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { resolveConfig, type TrainConfig } from '../config/load';
import { readTrainingDataset, readValidationDataset, type TrainingDataset } from '../data/training/dataset';
import { datasetIdentity } from '../data/training/identity';
import { Warnings } from '../data/warnings';
import { InputError } from '../errors';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { Detector } from '../models/detector';
import { nodeHost } from '../node/webgpu';
import type { ResumableCheckpoint } from '../train/checkpoint';
import { courseOf } from '../train/course';
import { describeInit, initFrom } from '../train/init';
import { initialWeights } from '../train/initial_weights';
import { TrainingRun, type TrainingOutcome } from '../train/run';
import { pinnedTuning, requireSameClasses, requireSameDataset, resumedWeights } from '../train/resume';
import { RunFolder } from '../train/run_folder';
import { adapterOption } from './adapter-option';
import { withInterrupts } from './interrupts';
import { printWarnings } from './print-warnings';
import { trainingFiles } from './training-files';
import { tuneOption, TuningSession, type TuneMode } from './tuning';

interface TrainOptions {
  readonly config?: string;
  readonly out?: string;
  readonly set: string[];
  readonly init?: string;
  readonly resume?: string;
  readonly tune?: TuneMode;
  readonly adapter: AdapterChoice;
}

/** `engine train`: trains a Mask R-CNN on annotated images. */
export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('train a Mask R-CNN on annotated images (COCO JSON): checkpoints, logs and curves in one folder')
    .option('--config <name or file>', 'configuration; shipped ones are listed in the README')
    .option('--out <folder>', 'a new folder for checkpoints, logs and curves; default: runs/CONFIG')
    .option(
      '--set <key=value>',
      'set any key of the configuration, such as optimizer.learning_rate=0.01; may be given many times',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--init <weights>', 'weights to start from: tensors that fit are taken, the rest is listed')
    .option('--resume <folder>', 'go on with the run in this folder')
    .addOption(tuneOption())
    .addOption(adapterOption())
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const { folder, checkpoint, name } = await origin(options);
  const settings = [
    ...options.set,
    ...(options.init === undefined ? [] : [`train.init=${JSON.stringify(options.init)}`]),
  ];
  const stated = resolveConfig(name, settings);
  const warnings = new Warnings();
  const { data } = stated.config;
  const { annotations, images } = trainingFiles(stated.config);
  const training = await readTrainingDataset(annotations, images, data, warnings);
  if (checkpoint !== null) {
    requireSameClasses(checkpoint, stated.config.classNames, training.classNames);
    requireSameDataset(checkpoint, datasetIdentity(training), annotations);
    const { totalSteps } = courseOf(stated.config, training.images);
    if (checkpoint.state.step >= totalSteps) {
      console.log(finishedLine(stated.config, checkpoint.state.step, totalSteps));
      return;
    }
  }
  const { config, yaml, remark } = stated.withClasses(
    training.classNames,
    training.categoryIds,
    `the classes of ${annotations}`,
  );
  const [heldOut, heldOutImages] = [data.val.annotations, data.val.images];
  const validation =
    heldOut === null ? null : await readValidationDataset(heldOut, heldOutImages ?? images, training, warnings);
  printWarnings(warnings);
  if (remark !== null) {
    warn(remark);
  }
  const shapes = Detector.expectedParameters(config.model);
  const { weights, lines } = await startingWeights(config, shapes, checkpoint);
  const gpu = await GpuDevice.open(nodeHost, options.adapter);
  const tuning = await TuningSession.open(
    gpu,
    options.tune,
    checkpoint === null ? undefined : pinnedTuning(checkpoint),
  );
  try {
    const outcome = await withInterrupts(async (isStopping) => {
      const run = new TrainingRun({
        gpu,
        tuner: tuning.tuner,
        config,
        training,
        validation,
        folder,
        weights,
        shapes,
        checkpoint,
        isStopping,
      });
      try {
        if (tuning.mode === 'only') {
          await run.prepare();
          console.log(tuning.describe());
          return null;
        }
        // only settings that can be trained with are written
        await folder.configure(yaml);
        console.log([...startLines(folder.path, config, training, checkpoint), ...lines].join('\n'));
        run.remarks.forEach(warn);
        return await run.run();
      } finally {
        run.release();
      }
    });
    if (outcome !== null) {
      console.log(endLines(folder, outcome).join('\n'));
    }
  } finally {
    tuning.report();
    gpu.close();
  }
}

function warn(sentence: string): void {
  console.error(`engine: warning: ${sentence}`);
}

interface Origin {
  readonly folder: RunFolder;
  readonly checkpoint: ResumableCheckpoint | null;
  /** Of the configuration. */
  readonly name: string;
}

async function origin({ config, out, init, resume }: TrainOptions): Promise<Origin> {
  if (resume === undefined) {
    if (config === undefined) {
      throw new InputError('give --config NAME or FILE, or --resume FOLDER to go on with a run');
    }
    return { folder: await RunFolder.choose(out ?? freeFolder(config)), checkpoint: null, name: config };
  }
  const beside = Object.entries({ '--config': config, '--out': out, '--init': init }).find(
    ([, value]) => value !== undefined,
  );
  if (beside !== undefined) {
    throw new InputError(
      `--resume goes on with the run in ${resume} as it is: leave ${beside[0]} out; --set changes a key`,
    );
  }
  const { folder, checkpoint } = await RunFolder.open(resume);
  return { folder, checkpoint, name: folder.file('config.yaml') };
}

function finishedLine({ train }: TrainConfig, steps: number, totalSteps: number): string {
  const [key, value] = train.steps === null ? ['epochs', train.epochs] : ['steps', train.steps];
  return `the run is finished: ${steps} of ${totalSteps} steps; to go on, raise it by --set train.${key}=N (now ${value})`;
}

/** A folder that is not there yet, named after the configuration. */
function freeFolder(name: string): string {
  const stem = join('runs', basename(name).replace(/\.ya?ml$/, ''));
  for (let number = 1; ; number++) {
    const path = number === 1 ? stem : `${stem}-${number}`;
    if (!existsSync(path)) {
      return path;
    }
  }
}

async function startingWeights(
  { train, model }: TrainConfig,
  shapes: ReadonlyMap<string, readonly number[]>,
  checkpoint: ResumableCheckpoint | null,
): Promise<{ weights: Map<string, Float32Array>; lines: string[] }> {
  const parameters = [...shapes].map(([name, shape]) => ({ name, shape }));
  if (checkpoint !== null) {
    return { weights: resumedWeights(checkpoint, shapes), lines: [] };
  }
  const weights = new Map<string, Float32Array>(initialWeights(parameters, train.seed));
  if (train.init === null) {
    return { weights, lines: ['all weights begin at random (--init starts from others)'] };
  }
  const found = await initFrom(train.init, parameters, { normEps: model.backbone.normEps });
  found.taken.forEach((value, name) => weights.set(name, value));
  return { weights, lines: describeInit(train.init, found) };
}

function startLines(
  path: string,
  { train, data }: TrainConfig,
  { images, classNames }: TrainingDataset,
  checkpoint: ResumableCheckpoint | null,
): string[] {
  const objects = images.reduce((sum, image) => sum + image.objects, 0);
  const classes =
    classNames.length === 1 ? `class ${classNames[0]}` : `${classNames.length} classes: ${classNames.join(', ')}`;
  return [
    `${checkpoint === null ? 'training' : `training goes on after step ${checkpoint.state.step}`}, in ${path}`,
    `${images.length} images with ${objects} objects (${classes}), ${train.batchSize * train.accumulate} a step` +
      `${data.val.annotations === null ? '; no data.val: nothing is validated' : ''}`,
  ];
}

function endLines(folder: RunFolder, { ended, steps, totalSteps, best }: TrainingOutcome): string[] {
  if (ended === 'interrupted') {
    return [
      `interrupted after step ${steps} of ${totalSteps}, and saved: ${folder.last}`,
      `go on with: engine train --resume ${folder.path}`,
    ];
  }
  const validated = best === null ? '' : ` (${best.metric} ${best.value.toFixed(3)}, after step ${best.step})`;
  return [
    `${ended} after step ${steps} of ${totalSteps}`,
    `weights: ${folder.best}${validated}`,
    `curves: ${folder.file('curves.html')}; log: ${folder.file('train.log')}`,
  ];
}
