import type { TrainConfig } from '../config/schema';
import { InputError } from '../errors';
import type { LossName } from '../models/mask_rcnn_training';
import type { AverageSettings } from './average';
import { lbfgsSlots, type LbfgsSettings } from './lbfgs';
import { optimizerRule } from './optimizer_rules';
import { DEFAULT_LEARNING_RATES, type OptimizerSettings } from './optimizer_settings';
import type { GradientClipping } from './optimizers';
import { checkSchedule, scaledLearningRate, type Schedule, type ScheduleSettings } from './schedules';

/** What a configuration's sections `optimizer`, `schedule` and `train` come to for a run. */
export interface RunSettings {
  readonly optimizer: OptimizerSettings | LbfgsSettings;
  readonly schedule: ScheduleSettings;
  readonly clipping: GradientClipping | null;
  readonly average: AverageSettings | null;
  /** Images of one optimizer step: those of all its passes. */
  readonly imagesPerStep: number;
  /**
   * What the losses of one pass are multiplied by for the gradients: the configured weights over the number of passes, so
   * that gradients that are summed over the passes are those of the passes' mean.
   */
  readonly passWeights: Readonly<Record<LossName, number>>;
  /** Sentences for settings that work and are hardly meant. */
  readonly remarks: readonly string[];
}

/**
 * @param steps optimizer steps of the whole run
 * @throws InputError for settings that do not fit each other
 */
export function runSettings(config: TrainConfig, steps: number): RunSettings {
  const { train } = config;
  const imagesPerStep = train.batchSize * train.accumulate;
  const optimizer = optimizerSettings(config);
  const schedule = scheduleSettings(config, steps, imagesPerStep);
  const weights = Object.entries(train.lossWeights) as [LossName, number][];
  if (weights.every(([, weight]) => weight === 0)) {
    throw new InputError('train.loss_weights are all 0: give one of them at least a weight above 0');
  }
  return {
    optimizer,
    schedule,
    clipping: clipping(config),
    average: train.ema,
    imagesPerStep,
    passWeights: Object.fromEntries(
      weights.map(([name, weight]) => [name, weight / train.accumulate]),
    ) as RunSettings['passWeights'],
    remarks: remarks(schedule),
  };
}

function optimizerSettings({ optimizer, train }: TrainConfig): OptimizerSettings | LbfgsSettings {
  const { learningRate: _learningRate, ...settings } = optimizer;
  if (settings.type !== 'lbfgs') {
    optimizerRule(settings);
    return settings;
  }
  const unfit = {
    'train.groups': train.groups.length > 0,
    'train.backbone_multiplier': train.backboneMultiplier !== 1 && train.backboneMultiplier !== 0,
    'train.clip_norm': train.clipNorm !== null,
    'train.clip_value': train.clipValue !== null,
  };
  const keys = Object.entries(unfit).flatMap(([key, isSet]) => (isSet ? [key] : []));
  if (keys.length > 0) {
    throw new InputError(
      `optimizer.type is lbfgs, which treats all parameters alike and takes gradients as they are: take ${keys.join(' and ')} out, or choose another optimizer`,
    );
  }
  lbfgsSlots(settings);
  return settings;
}

function scheduleSettings(
  { optimizer, schedule, train }: TrainConfig,
  steps: number,
  imagesPerStep: number,
): ScheduleSettings {
  const base =
    optimizer.type === 'sgd'
      ? optimizer.learningRate
      : (optimizer.learningRate ?? DEFAULT_LEARNING_RATES[optimizer.type]);
  const reference = train.referenceBatchSize;
  const {
    warmUp: { factor, ...warmUp },
    ...course
  } = schedule;
  const settings: ScheduleSettings = {
    learningRate: reference === null ? base : scaledLearningRate(base, imagesPerStep, reference),
    steps,
    schedule: inSteps(course, steps),
    ...(warmUp.steps === 0 ? {} : { warmUp: { ...warmUp, ...(factor === null ? {} : { factor }) } }),
  };
  checkSchedule(settings);
  return settings;
}

/** Milestones as step numbers instead of shares of the run. */
function inSteps(course: Schedule, steps: number): Schedule {
  return course.type === 'multistep'
    ? { ...course, milestones: course.milestones.map((share) => Math.round(share * steps)) }
    : course;
}

function clipping({ train: { clipNorm, clipValue } }: TrainConfig): GradientClipping | null {
  if (clipNorm !== null && clipValue !== null) {
    throw new InputError('train.clip_norm and train.clip_value are both given: set one of them to null');
  }
  if (clipNorm !== null) {
    return { norm: clipNorm };
  }
  return clipValue === null ? null : { value: clipValue };
}

function remarks({ steps, warmUp }: ScheduleSettings): string[] {
  return warmUp !== undefined && warmUp.steps >= steps
    ? [
        `schedule.warm_up.steps is ${warmUp.steps} and the run has ${steps} steps: the learning rate never gets to where it is meant to be`,
      ]
    : [];
}
