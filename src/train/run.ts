import type { TrainConfig } from '../config/load';
import type { TrainingDataset, ValidationDataset } from '../data/training/dataset';
import { SampleFeed } from '../data/training/feed';
import { datasetIdentity, type DatasetIdentity } from '../data/training/identity';
import type { DecodedSample } from '../data/training/sample';
import { InputError } from '../errors';
import type { GpuDevice } from '../gpu/device';
import { DeviceMemoryError, GpuError } from '../gpu/errors';
import type { Tuner } from '../graph/tuner';
import { LOSSES, type LossName } from '../models/mask_rcnn_training';
import { changesColours } from './augment/draw_colours';
import { capacityRemarks } from './capacities';
import type { ResumableCheckpoint, TrainingState } from './checkpoint';
import { augmentPass, courseOf, type Course } from './course';
import { afterValidation, EARLY_STOPPING_START, readEarlyStopping, type EarlyStoppingState } from './early_stopping';
import type { LbfgsState } from './lbfgs';
import { validationLine } from './log/lines';
import { TrainingProgress } from './log/progress';
import { TrainingLog } from './log/training_log';
import { lossComplaint } from './loss_check';
import { lacksTensor } from './resume';
import type { RunFolder } from './run_folder';
import { runSettings, type RunSettings } from './settings_from_config';
import { Trainer, type StepResult } from './trainer';
import { validate } from './validate';

export interface TrainingRunOptions {
  readonly gpu: GpuDevice;
  /** With the dataset's classes. */
  readonly config: TrainConfig;
  readonly training: TrainingDataset;
  readonly validation: ValidationDataset | null;
  /** For checkpoints and logs: written to when the run is under way. */
  readonly folder: RunFolder;
  /** What every parameter of the model begins with, by torchvision's names. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** What to go on from: a checkpoint of the same dataset. */
  readonly checkpoint: ResumableCheckpoint | null;
  readonly tuner: Tuner;
  /** Whether the run is to end after the step that is being done. */
  readonly isStopping: () => boolean;
}

/** How a run ended. */
export interface TrainingOutcome {
  readonly ended: 'finished' | 'stopped early' | 'interrupted';
  readonly steps: number;
  readonly totalSteps: number;
  readonly best: TrainingState['best'];
}

/**
 * Trains, validates, logs and saves, until the last step, early stopping, or a wish to stop.
 * @throws InputError for losses that are no numbers, data that cannot be read, a device that is lost or has not enough
 * memory; the last checkpoint is then as it was
 */
export class TrainingRun {
  private readonly course: Course;
  private readonly settings: RunSettings;
  private readonly trainer: Trainer;
  private state: TrainingState;
  private stopping: EarlyStoppingState = EARLY_STOPPING_START;
  private saturationTold = false;
  /** The step of last.safetensors; null while there is none. */
  private savedStep: number | null;

  constructor(private readonly options: TrainingRunOptions) {
    const { gpu, config, training, weights, shapes, checkpoint, tuner } = options;
    this.course = courseOf(config, training.images);
    this.settings = runSettings(config, this.course.totalSteps);
    this.trainer = new Trainer(gpu, weights, shapes, {
      config: config.model,
      sampling: { proposals: config.train.proposals, regions: config.train.regions },
      settings: this.settings,
      groups: config.train,
      passes: config.train.accumulate,
      seed: config.train.seed,
      checkpointing: config.train.checkpointing,
      tuner,
      room: {
        pixelBytes: Math.max(...training.images.map(({ width, height }) => Math.ceil((width * height * 3) / 4) * 4)),
        objects: Math.max(1, training.maxObjects),
        sourceWords: training.maxWords,
        colours: changesColours(config.augment),
      },
    });
    this.state = { step: 0, epoch: 0, seed: config.train.seed, best: null, extra: {} };
    this.savedStep = checkpoint?.state.step ?? null;
    if (checkpoint !== null) {
      try {
        this.resume(checkpoint);
      } catch (error) {
        this.trainer.release();
        throw error;
      }
    }
  }

  /** Sentences about settings that work and are hardly meant. */
  get remarks(): readonly string[] {
    const { config, training, validation } = this.options;
    return [...this.settings.remarks, ...capacityRemarks(config, training, validation)];
  }

  async run(): Promise<TrainingOutcome> {
    const { config, folder, checkpoint, isStopping } = this.options;
    const { totalSteps, epochs } = this.course;
    const length = { totalSteps, epochs };
    const log = await TrainingLog.open(folder.path, {
      ...length,
      log: config.log,
      metric: config.validate.metric,
      resumeAt: checkpoint?.state.step ?? null,
    });
    const progress = new TrainingProgress(length);
    const feed = this.feed(totalSteps);
    let ended: TrainingOutcome['ended'] = 'finished';
    try {
      while (this.state.step < totalSteps) {
        await this.step(feed, log, progress);
        const epochDone = this.epochAfter(this.state.step);
        const isLast = this.state.step === totalSteps;
        const isNewEpoch = epochDone > this.epochAfter(this.state.step - 1);
        const due = (every: number): boolean => isLast || (isNewEpoch && epochDone % every === 0);
        const stop = isStopping();
        let isEnough = false;
        if (!stop && due(config.validate.every) && this.options.validation !== null) {
          isEnough = await this.validate(this.options.validation, log, progress);
        }
        if (stop || isEnough || isStopping() || due(config.checkpoint.every)) {
          await this.save();
        }
        if (isEnough || isStopping()) {
          ended = isEnough ? 'stopped early' : 'interrupted';
          break;
        }
      }
      if (this.state.best === null && ended !== 'interrupted') {
        await folder.saveBest(await this.trainer.modelWeights(), this.state);
      }
      log.note(`${ended} after step ${this.state.step}`);
    } catch (error) {
      progress.end();
      const told = this.explained(error, `step ${this.state.step + 1}`, this.lessForStep());
      try {
        log.note(told instanceof Error ? told.message : String(told));
      } catch {
        // the log may be what cannot be written
      }
      throw told;
    } finally {
      progress.end();
      await Promise.all([feed.close(), log.close()]);
    }
    return { ended, steps: this.state.step, totalSteps, best: this.state.best };
  }

  /** Makes what the next step needs, with the choice of kernels, and trains nothing. */
  async prepare(): Promise<void> {
    const { config } = this.options;
    const feed = this.feed(this.state.step + 1);
    try {
      await this.trainer.prepare((await this.nextBatches(feed)).map((batch, i) => augmentPass(batch, i, config)));
    } finally {
      await feed.close();
    }
  }

  release(): void {
    this.trainer.release();
  }

  /** Batches from the next step on. @param to the step that needs the last one */
  private feed(to: number): SampleFeed {
    const { config, training } = this.options;
    const passes = config.train.accumulate;
    const { workers } = config.data;
    return SampleFeed.create(training, this.course.order, { workers, from: this.state.step * passes, to: to * passes });
  }

  private async nextBatches(feed: SampleFeed): Promise<DecodedSample[][]> {
    const batches: DecodedSample[][] = [];
    for (let i = 0; i < this.options.config.train.accumulate; i++) {
      batches.push(await feed.next());
    }
    return batches;
  }

  private resume(checkpoint: ResumableCheckpoint): void {
    const { tensors, state, path } = checkpoint;
    const { lbfgs = null, earlyStopping } = state.extra as Partial<SavedExtra>;
    this.trainer.restore(tensors, lbfgs, (name) => {
      throw lacksTensor(checkpoint, name);
    });
    this.stopping = readEarlyStopping(earlyStopping, path);
    this.state = state;
  }

  private async step(feed: SampleFeed, log: TrainingLog, progress: TrainingProgress): Promise<void> {
    const { config, gpu } = this.options;
    const { step } = this.state;
    const [started, waited] = [performance.now(), feed.waited];
    const batches = await this.nextBatches(feed).catch((error: unknown) => this.saveBefore(error));
    const images = batches.flat();
    const passes = batches.map((batch, i) => augmentPass(batch, step * config.train.accumulate + i, config));
    const result = await this.trainer.step(step, passes);
    const seconds = (performance.now() - started) / 1000;
    this.checkLosses(result, images);
    const record = {
      step: step + 1,
      epoch: Math.min(this.course.epochs, this.epochAfter(step) + 1),
      learningRate: result.learningRate,
      losses: { loss: result.loss, ...lossesByKey(result.losses) },
      ...(result.gradientNorm === null ? {} : { gradientNorm: result.gradientNorm }),
      imagesPerSecond: images.length / seconds,
      secondsWaiting: feed.waited - waited,
      peakBytes: gpu.memory.peak,
    };
    this.state = { ...this.state, step: step + 1, epoch: this.epochAfter(step + 1) };
    log.step(record);
    progress.step(record);
  }

  private checkLosses(
    { losses, loss, gradientNorm, learningRate }: StepResult,
    images: readonly DecodedSample[],
  ): void {
    const values: [string, number][] = [
      ...Object.entries(lossesByKey(losses)),
      ['loss', loss],
      ...(gradientNorm === null ? [] : [['gradientNorm', gradientNorm] as [string, number]]),
    ];
    const complaint = lossComplaint(
      values.map(([name]) => name),
      Float32Array.from(values, ([, value]) => value),
      {
        step: this.state.step + 1,
        images: images.map(({ fileName }) => fileName),
        learningRate,
        clipNorm: this.options.config.train.clipNorm,
        checkpoint: this.savedStep === null ? null : { path: this.options.folder.last, step: this.savedStep },
      },
    );
    if (complaint !== null) {
      throw new InputError(complaint);
    }
  }

  /** @returns whether the run has learnt enough */
  private async validate(
    validation: ValidationDataset,
    log: TrainingLog,
    progress: TrainingProgress,
  ): Promise<boolean> {
    const { gpu, config, folder, tuner, isStopping } = this.options;
    const { metric } = config.validate;
    const weights = await this.trainer.modelWeights();
    const result = await validate(gpu, config.model, weights, validation, {
      maxDetections: config.validate.maxDetections ?? config.model.box.detectionsPerImage,
      tuner,
      onImage: isStopping,
    }).catch((error: unknown) => this.endAtValidation(error));
    if (result === null) {
      return false;
    }
    const { figures, saturated } = result;
    const { step, epoch } = this.state;
    const value = figures[metric];
    const best = Number.isFinite(value) && (this.state.best === null || value > this.state.best.value);
    if (best) {
      this.state = { ...this.state, best: { metric, value, step } };
      await folder.saveBest(weights, this.state);
    }
    const record = { step, epoch, figures, best };
    log.validation(record);
    progress.note(validationLine(record));
    if (saturated > 0 && !this.saturationTold) {
      this.saturationTold = true;
      const sentence = saturationWarning(saturated, validation.images.length, config.model.box.detectionsPerImage);
      log.note(sentence);
      progress.note(sentence);
    }
    if (config.earlyStopping === null) {
      return false;
    }
    const { state, stop } = afterValidation(this.stopping, value, step, config.earlyStopping);
    this.stopping = state;
    return stop;
  }

  /** Ends a run at a validation that has no room on the device, or an image that cannot be read; else as `explained`. */
  private async endAtValidation(error: unknown): Promise<never> {
    if (!(error instanceof GpuError)) {
      return this.saveBefore(error);
    }
    if (error instanceof DeviceMemoryError) {
      await this.keep();
    }
    const { rpn, box } = this.options.config.model;
    const objects = `${rpn.postNmsTopN} and ${box.detectionsPerImage}`;
    throw this.explained(error, `the validation after step ${this.state.step}`, [
      `lower model.rpn.post_nms_top_n and model.box.detections_per_image (now ${objects})`,
      this.smallerImages(),
      'set data.val.annotations=null',
    ]);
  }

  /** Ends a run at an image that cannot be read: what was learnt so far is kept. */
  private async saveBefore(error: unknown): Promise<never> {
    if (!(error instanceof InputError)) {
      throw error;
    }
    await this.keep();
    throw new InputError(`${error.message}; ${this.whatIsSaved()}`);
  }

  /** Saves where there are steps since the last checkpoint. */
  private async keep(): Promise<void> {
    if (this.state.step > (this.savedStep ?? 0)) {
      await this.save();
    }
  }

  private async save(): Promise<void> {
    const { training, folder, config, tuner } = this.options;
    const extra: SavedExtra = {
      ...datasetIdentity(training),
      lbfgs: this.trainer.lbfgsState,
      earlyStopping: this.stopping,
      tuning: Object.fromEntries(tuner.used),
    };
    this.state = { ...this.state, extra: { ...extra } };
    const tensors = await this.trainer.tensors();
    await folder.saveLast(tensors, this.state, config.checkpoint.keep).catch((error: unknown) => {
      throw error instanceof InputError ? new InputError(`${error.message}; ${this.whatIsSaved()}`) : error;
    });
    this.savedStep = this.state.step;
  }

  /** Passes over the images that are done after a number of steps. */
  private epochAfter(steps: number): number {
    return Math.floor((steps * this.options.config.train.accumulate) / this.course.order.stepsPerEpoch);
  }

  /**
   * An error of the device as a sentence with the way out; other errors as they are.
   * @param ways to need less memory
   */
  private explained(error: unknown, where: string, ways: readonly string[]): unknown {
    if (!(error instanceof GpuError)) {
      return error;
    }
    const what = `${where}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
    const condition = error instanceof DeviceMemoryError ? '' : 'if memory ran out, ';
    return new InputError(`${what}: ${condition}${ways.join(', or ')}; ${this.whatIsSaved()}`);
  }

  private lessForStep(): string[] {
    const { batchSize, regions, checkpointing } = this.options.config.train;
    return [
      ...(batchSize > 1 ? [`lower train.batch_size (now ${batchSize})`] : []),
      this.smallerImages(),
      `lower train.regions.samples (now ${regions.samples})`,
      ...(checkpointing ? [] : ['set train.checkpointing=true']),
    ];
  }

  private smallerImages(): string {
    const { minSize, maxSize } = this.options.config.model.image;
    return `lower model.image.min_size and max_size (now ${minSize} and ${maxSize})`;
  }

  private whatIsSaved(): string {
    const { folder } = this.options;
    return this.savedStep === null
      ? 'there is no checkpoint yet'
      : `the last checkpoint, of step ${this.savedStep}, is ${folder.last} (--resume ${folder.path})`;
  }
}

/** What a checkpoint's `extra` holds, beside what tells the training set. */
interface SavedExtra extends DatasetIdentity {
  readonly lbfgs: LbfgsState | null;
  readonly earlyStopping: EarlyStoppingState;
  /** Variants by shape class: bits depend on them. */
  readonly tuning: Readonly<Record<string, string>>;
}

function saturationWarning(saturated: number, all: number, limit: number): string {
  return (
    `warning: ${saturated} of ${all} validation images have more than ${limit} detections, the rest is left out: unless ` +
    'there are fewer as training goes on, raise model.box.detections_per_image'
  );
}

/** By the keys of `train.loss_weights`. */
function lossesByKey(losses: Readonly<Record<LossName, number>>): Record<string, number> {
  return Object.fromEntries(LOSSES.map((name) => [name === 'rpnBox' ? 'rpn_box' : name, losses[name]]));
}
