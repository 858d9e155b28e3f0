import { z } from 'zod';
import { augmentSchema } from './augment_schema';
import { aboveZero, choice, flag, fraction, integer, list, notNegative, section } from './fields';
import { optimizerSchema } from './optimizer_schema';
import { scheduleSchema } from './schedule_schema';

/* The sections of a configuration that training reads; `schema.ts` has the model's. */

const path = z
  .string({ error: 'a path' })
  .min(1, { error: 'a path, not an empty one' })
  .refine((text) => !text.includes('\0'), { error: 'a path without null characters' })
  .nullable()
  .default(null);

const split = section({ annotations: path, images: path });

const data = section({
  train: split.prefault({}),
  val: split.prefault({}),
  categories: list(
    z.string({ error: 'a name' }).min(1, { error: 'a name' }),
    'a list of the category names to learn',
    1,
    4095,
  )
    .nullable()
    .default(null),
  keep_empty_images: flag(false),
  min_object_area: notNegative.default(1),
  min_object_side: notNegative.default(1),
  order: choice(['shuffle', 'sequence', 'replacement']).default('shuffle'),
  group_by_aspect_ratio: flag(true),
  workers: integer(0, 64).nullable().default(null),
});

const objects = integer(1, 4096);

const proposals = section({
  pre_nms_top_n: objects.default(2000),
  post_nms_top_n: objects.default(2000),
  positive_iou: fraction.default(0.7),
  negative_iou: fraction.default(0.3),
  samples: objects.default(256),
  positive_share: fraction.default(0.5),
});

const regions = section({
  positive_iou: fraction.default(0.5),
  negative_iou: fraction.default(0.5),
  samples: objects.default(512),
  positive_share: fraction.default(0.25),
});

const lossWeights = section({
  objectness: notNegative.default(1),
  rpn_box: notNegative.default(1),
  class: notNegative.default(1),
  box: notNegative.default(1),
  mask: notNegative.default(1),
});

const decay = z.number({ error: 'a number from 0 to below 1' });

const average = section({
  decay: decay
    .min(0, { error: 'a number from 0 to below 1' })
    .lt(1, { error: 'a number from 0 to below 1' })
    .default(0.999),
  every: integer(1, 100_000).default(1),
  warm_up: flag(true),
});

const pattern = z
  .string({ error: 'a name of parameters, with * for any part' })
  .min(1, { error: 'a name of parameters, with * for any part' });

const group = section({
  pattern,
  learning_rate_multiplier: notNegative.default(1),
  weight_decay: notNegative.nullable().default(null),
});

const train = section({
  init: path,
  epochs: integer(1, 1_000_000).default(12),
  steps: integer(1, 1_000_000_000).nullable().default(null),
  batch_size: integer(1, 1024).default(2),
  accumulate: integer(1, 4096).default(1),
  seed: integer(0, 2 ** 32 - 1).default(1),
  reference_batch_size: integer(1, 65536).nullable().default(null),
  clip_norm: aboveZero.nullable().default(null),
  clip_value: aboveZero.nullable().default(null),
  frozen_stages: integer(0, 5).default(0),
  backbone_multiplier: notNegative.default(1),
  no_decay: list(pattern, 'a list of names of parameters, with * for any part', 0, 64).default([]),
  groups: list(group, 'a list of sections with pattern, learning_rate_multiplier and weight_decay', 0, 64).default([]),
  ema: average.nullable().default(null),
  checkpointing: flag(false),
  proposals: proposals.prefault({}),
  regions: regions.prefault({}),
  loss_weights: lossWeights.prefault({}),
});

const validate = section({
  every: integer(1, 1_000_000).default(1),
  max_detections: integer(1, 4096).nullable().default(null),
  metric: choice([
    'segm_AP',
    'segm_AP50',
    'segm_AP75',
    'segm_APs',
    'segm_APm',
    'segm_APl',
    'bbox_AP',
    'bbox_AP50',
    'bbox_AP75',
    'bbox_APs',
    'bbox_APm',
    'bbox_APl',
  ]).default('segm_AP'),
});

const checkpoint = section({
  every: integer(1, 1_000_000).default(1),
  keep: integer(0, 10_000).default(3),
});

const earlyStopping = section({
  patience: integer(1, 1_000_000).default(10),
  min_delta: notNegative.default(0),
});

const log = section({
  every: integer(1, 1_000_000).default(1),
  tensorboard: flag(true),
  curves: flag(true),
  curves_seconds: integer(1, 86_400).default(30),
});

/** Shape of the training sections, for `configSchema`. */
export const trainSections = {
  data: data.prefault({}),
  augment: augmentSchema.prefault({}),
  train: train.prefault({}),
  optimizer: optimizerSchema.prefault({ type: 'sgd', learning_rate: 0.02, momentum: 0.9, weight_decay: 1e-4 }),
  schedule: scheduleSchema.prefault({ type: 'multistep' }),
  validate: validate.prefault({}),
  checkpoint: checkpoint.prefault({}),
  early_stopping: earlyStopping.nullable().default(null),
  log: log.prefault({}),
};
