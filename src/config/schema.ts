import { z } from 'zod';
import type { MaskRcnnConfig } from '../models/config';
import { camelKeys, type CamelKeys } from './camel';
import { aboveZero, fraction, integer, list, number, positive, section } from './fields';
import { trainSections } from './train_schema';

/** A model as a configuration file states it, with what its labels stand for. */
export interface ModelConfig {
  readonly model: MaskRcnnConfig;
  /** Names of the labels 1, 2, …; null where the file names none. */
  readonly classNames: readonly string[] | null;
  /** The dataset's category ids of the labels 1, 2, …; null where each label is its own id, as in torchvision. */
  readonly categoryIds: readonly number[] | null;
}

const channels = integer(1, 8192);
const imageSide = integer(1, 16384);
const poolSize = integer(1, 64);
const samplingRatio = integer(0, 16);
const smallestSide = number('a number of pixels from 0 to 1000', 0, 1000);

const triple = (item: z.ZodNumber, expected: string): z.ZodTuple<[z.ZodNumber, z.ZodNumber, z.ZodNumber], null> => {
  return z.tuple([item, item, item], { error: expected });
};

const anyNumber = z.number({ error: 'a number' });

const backbone = section({
  name: z
    .enum(['resnet18', 'resnet34', 'resnet50', 'resnet101'], { error: 'resnet18, resnet34, resnet50 or resnet101' })
    .default('resnet50'),
  stages: list(integer(1, 4), 'a list of 1 to 4 stages, such as [1, 2, 3, 4]', 1, 4)
    .refine((stages) => stages.every((stage, i) => i === 0 || stage === stages[i - 1] + 1), {
      error: 'stages in ascending order without a gap, such as [1, 2, 3, 4]',
      abort: true,
    })
    .default([1, 2, 3, 4]),
  norm_eps: number('a number from 0 to 0.1', 0, 0.1).default(1e-5),
});

const fpn = section({
  channels: channels.default(256),
  extra_levels: integer(0, 4).default(1),
});

const perLevel = (item: z.ZodNumber, example: string): z.ZodArray<z.ZodArray<z.ZodNumber>> => {
  const one = list(item, 'a list of 1 to 32 numbers', 1, 32);
  return list(one, `a list with one list of numbers for each level, such as ${example}`, 1, 8);
};

const anchors = section({
  sizes: perLevel(positive('a number of pixels above 0'), '[[32], [64]]').default([[32], [64], [128], [256], [512]]),
  aspect_ratios: perLevel(aboveZero, '[[0.5, 1, 2], [0.5, 1, 2]]').default(
    Array.from({ length: 5 }, () => [0.5, 1, 2]),
  ),
});

const rpn = section({
  convs: integer(1, 16).default(1),
  pre_nms_top_n: integer(1, 4096).default(1000),
  post_nms_top_n: integer(1, 4096).default(1000),
  nms_threshold: fraction.default(0.7),
  min_size: smallestSide.default(1e-3),
});

const box = section({
  pool_size: poolSize.default(7),
  sampling_ratio: samplingRatio.default(2),
  hidden: z.tuple([channels, channels], { error: 'a list of the two widths of fc6 and fc7' }).default([1024, 1024]),
  coder_weights: z
    .tuple([aboveZero, aboveZero, aboveZero, aboveZero], { error: 'a list of 4 numbers above 0' })
    .default([10, 10, 5, 5]),
  score_threshold: fraction.default(0.05),
  nms_threshold: fraction.default(0.5),
  min_size: smallestSide.default(1e-2),
  detections_per_image: integer(1, 4096).default(100),
});

const mask = section({
  pool_size: poolSize.default(14),
  sampling_ratio: samplingRatio.default(2),
  channels: list(channels, 'a list of 1 to 16 widths', 1, 16).default([256, 256, 256, 256]),
  upsample_channels: channels.default(256),
  threshold: fraction.default(0.5),
});

const image = section({
  mean: triple(anyNumber, 'a list of 3 numbers, for red, green and blue').default([0.485, 0.456, 0.406]),
  std: triple(aboveZero, 'a list of 3 numbers above 0, for red, green and blue').default([0.229, 0.224, 0.225]),
  min_size: imageSide.default(800),
  max_size: imageSide.default(1333),
  size_divisor: integer(32, 1024).multipleOf(32, { error: 'a multiple of 32' }).default(32),
});

const className = z
  .string({ error: 'a name (in quotes where it looks like a number)' })
  .min(1, { error: 'a name, not an empty one' });
const categoryId = z.int({ error: 'a whole number' }).min(0, { error: 'a whole number from 0' });

const maskRcnn = section({
  type: z.literal('mask_rcnn', { error: 'mask_rcnn' }).default('mask_rcnn'),
  classes: integer(2, 4096).default(91),
  class_names: z.array(className, { error: 'a list of names' }).nullable().default(null),
  category_ids: z.array(categoryId, { error: 'a list of whole numbers' }).nullable().default(null),
  backbone: backbone.prefault({}),
  fpn: fpn.prefault({}),
  anchors: anchors.prefault({}),
  rpn: rpn.prefault({}),
  box: box.prefault({}),
  mask: mask.prefault({}),
  image: image.prefault({}),
});

type MaskRcnnSection = z.output<typeof maskRcnn>;

interface Mismatch {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Keys that are right by themselves and do not fit each other. */
function describeMismatches(model: MaskRcnnSection): Mismatch[] {
  const mismatches: Mismatch[] = [];
  const complain = (path: string, message: string): void => {
    mismatches.push({ path: path.split('.'), message });
  };
  const { sizes, aspect_ratios: ratios } = model.anchors;
  const levels = model.backbone.stages.length + model.fpn.extra_levels;
  const levelsAre =
    `there are ${levels} levels: ${model.backbone.stages.length} stages (backbone.stages) and ` +
    `${model.fpn.extra_levels} more (fpn.extra_levels)`;
  for (const [key, rows] of Object.entries({ sizes, aspect_ratios: ratios })) {
    if (rows.length !== levels) {
      complain(
        `anchors.${key}`,
        `has ${rows.length === 1 ? '1 list' : `${rows.length} lists`}, one for each level is needed, and ${levelsAre}`,
      );
    }
  }
  const anchorCounts = sizes.map((row, level) => row.length * (ratios.at(level)?.length ?? 0));
  if (mismatches.length === 0 && new Set(anchorCounts).size > 1) {
    complain(
      'anchors.sizes',
      `and aspect_ratios give ${anchorCounts.join(', ')} anchors per location, and the RPN's head needs as many on every ` +
        'level',
    );
  }
  const named = { class_names: model.class_names, category_ids: model.category_ids };
  for (const [key, items] of Object.entries(named)) {
    if (items !== null && items.length !== model.classes - 1) {
      complain(
        key,
        `has ${items.length === 1 ? '1 entry' : `${items.length} entries`} instead of ${model.classes - 1}: one for each of ` +
          `the ${model.classes} classes (model.classes) but the background`,
      );
    }
  }
  const repeated = model.category_ids?.find((id, i, ids) => ids.indexOf(id) !== i);
  if (repeated !== undefined) {
    complain('category_ids', `has ${repeated} twice, every class needs an id of its own`);
  }
  if (model.image.max_size < model.image.min_size) {
    complain('image.max_size', `is ${model.image.max_size}, less than min_size, ${model.image.min_size}`);
  }
  return mismatches;
}

/** A whole configuration file, `_base_` resolved. */
export const configSchema = section({
  model: maskRcnn.superRefine((model, context) => {
    for (const { path, message } of describeMismatches(model)) {
      context.addIssue({ code: 'custom', path, message, params: { afterKey: true } });
    }
  }),
  ...trainSections,
});

/** A configuration with every key, as the file has them. */
export type ConfigFile = z.output<typeof configSchema>;

/** The checked file in the program's own terms. */
export function toModelConfig({ model }: ConfigFile): ModelConfig {
  const { type: _type, class_names: classNames, category_ids: categoryIds, ...form } = model;
  return { model: camelKeys(form), classNames, categoryIds };
}

type Sections = Omit<CamelKeys<ConfigFile>, 'model'>;

/** A whole configuration: the model and how it is trained. See configs/_base_/ for what each key means. */
export interface TrainConfig extends ModelConfig, Sections {}

/** The checked file in the program's own terms. */
export function toTrainConfig(file: ConfigFile): TrainConfig {
  const { model: _model, ...sections } = file;
  return { ...toModelConfig(file), ...camelKeys(sections) };
}
