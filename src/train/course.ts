import type { TrainConfig } from '../config/load';
import type { TrainingDataset } from '../data/training/dataset';
import { ImageOrder } from '../data/training/order';
import type { DecodedSample } from '../data/training/sample';
import { augmentSample, type AugmentedSample } from './augment/plan';

/** Where a run's images, passes, steps and epochs meet. */
export interface Course {
  /** Of the images of each pass. */
  readonly order: ImageOrder;
  /** Steps of the optimizer. */
  readonly totalSteps: number;
  readonly epochs: number;
}

/** Steps and epochs of a run: `train.steps` counts where it is given. */
export function courseOf({ data, train }: TrainConfig, images: TrainingDataset['images']): Course {
  const order = new ImageOrder(images, {
    order: data.order,
    batchSize: train.batchSize,
    seed: train.seed,
    groupByAspectRatio: data.groupByAspectRatio,
  });
  const totalSteps = train.steps ?? Math.ceil((train.epochs * order.stepsPerEpoch) / train.accumulate);
  return { order, totalSteps, epochs: Math.ceil((totalSteps * train.accumulate) / order.stepsPerEpoch) };
}

/**
 * The images of a pass with their changes decided, which are drawn by the step and the place among all of its images.
 * @param pass from 0, `train.accumulate` to a step
 */
export function augmentPass(
  batch: readonly DecodedSample[],
  pass: number,
  { train, augment, model }: TrainConfig,
): AugmentedSample[] {
  const { seed, batchSize, accumulate } = train;
  const step = Math.floor(pass / accumulate);
  const first = (pass % accumulate) * batchSize;
  return batch.map((sample, i) => augmentSample(sample, augment, model.image, { seed, step, index: first + i }));
}
