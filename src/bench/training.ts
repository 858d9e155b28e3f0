import { augmentSchema } from '../config/augment_schema';
import { camelKeys } from '../config/camel';
import { resolveConfig } from '../config/resolve';
import type { GpuDevice } from '../gpu/device';
import type { VariantChooser } from '../graph/tuning';
import { Detector } from '../models/detector';
import type { LossName } from '../models/mask_rcnn_training';
import { augmentSample } from '../train/augment/plan';
import { runSettings } from '../train/settings_from_config';
import { Trainer } from '../train/trainer';
import { compareLosses } from './compare';
import { deviceName } from './device_name';
import type { Contestant } from './measure';
import { OURS, type BenchModel } from './model';
import { sampleOf, scene, torchvisionSample } from './scenes';
import { slimWeightsFile, weightsFor, weightsTitle } from './weights';
import { workOf } from './work';

interface TrainingForm {
  readonly id: string;
  readonly title: string;
  readonly weights: string | null;
  /** Name of a configuration, and what is set over it. */
  readonly config: string;
  readonly settings: readonly string[];
}

/** torchvision's names of the losses. */
const LOSS_NAMES: Readonly<Record<LossName, string>> = {
  objectness: 'loss_objectness',
  rpnBox: 'loss_rpn_box_reg',
  class: 'loss_classifier',
  box: 'loss_box_reg',
  mask: 'loss_mask',
};

/**
 * SGD with momentum 0.9 and weight decay 1e-4, the gradient's norm clipped at 10, conv1 frozen, as
 * bench/peers/torchvision_models.py has it. The rate is low enough for weights by formula to stay what they are.
 */
const COMMON = [
  'optimizer.learning_rate=0.0001',
  'schedule={type: constant, warm_up: {steps: 0}}',
  'train.clip_norm=10',
  'train.frozen_stages=1',
];
const STEPS = 1_000_000;

/** Two pictures of different sizes, so that one is padded, with 60 and with 120 objects. */
const scenes = () => [scene(256, 256, 60), scene(347, 260, 120)];

/**
 * Training on one batch: a run is a step from decoded images, boxes and masks in the computer's memory to new weights. Its
 * result has the losses, under torchvision's names. All sides sample the first candidates in the order of their
 * indices, so that the losses can be compared.
 */
function trainingModel({ config, settings, ...form }: TrainingForm): BenchModel {
  return {
    ...form,
    task: 'training',
    peerOutputs: Object.values(LOSS_NAMES),
    compare: compareLosses,
    peerInputs: () => new Map(scenes().flatMap(torchvisionSample)),
    load: (gpu, tuner) => loadTrainer(gpu, tuner, { config, settings, ...form }),
  };
}

async function loadTrainer(
  gpu: GpuDevice,
  tuner: VariantChooser | undefined,
  { config: name, settings, weights }: TrainingForm,
): Promise<Contestant> {
  const { config } = resolveConfig(name, [...COMMON, ...settings]);
  const { model, train } = config;
  const samples = scenes().map(sampleOf);
  const unchanged = camelKeys(augmentSchema.parse({}));
  const batch = samples.map((sample, index) =>
    augmentSample(sample, unchanged, model.image, { seed: train.seed, step: 0, index }),
  );
  const shapes = Detector.expectedParameters(model);
  const most = (values: readonly number[]): number => Math.max(...values);
  const trainer = new Trainer(gpu, await weightsFor(weights, shapes), shapes, {
    config: model,
    sampling: { ...train, choice: 'first' },
    settings: runSettings(config, STEPS),
    groups: train,
    passes: 1,
    seed: train.seed,
    checkpointing: train.checkpointing,
    tuner,
    room: {
      pixelBytes: most(samples.map(({ pixels }) => pixels.length)),
      objects: most(samples.map(({ objects }) => objects)),
      sourceWords: most(samples.map(({ words }) => words.length)),
      colours: false,
    },
  });
  let step = 0;
  return {
    name: OURS,
    adapter: deviceName(gpu.adapter.info),
    async run() {
      const start = performance.now();
      const { losses } = await trainer.step(step++, [batch]);
      const milliseconds = performance.now() - start;
      const entries = Object.entries(losses) as [LossName, number][];
      return { milliseconds, result: Object.fromEntries(entries.map(([loss, value]) => [LOSS_NAMES[loss], [value]])) };
    },
    async profile() {
      const start = performance.now();
      const { dispatches, times } = await trainer.step(step++, [batch], true);
      return workOf(performance.now() - start, dispatches, times);
    },
    async release() {
      trainer.release();
    },
  };
}

const slimWeights = slimWeightsFile();

export const trainSlim = trainingModel({
  id: 'train_slim',
  title: `training the slim Mask R-CNN (${weightsTitle(slimWeights)}), 2 images, shorter side 320`,
  weights: slimWeights,
  config: 'mask_rcnn_slim_nuclei',
  settings: [],
});

export const trainR50 = trainingModel({
  id: 'train_r50',
  title: 'training Mask R-CNN R50-FPN, 2 images, shorter side 128',
  weights: null,
  config: 'mask_rcnn_r50_fpn',
  settings: [
    'model.classes=3',
    'model.class_names=null',
    'model.category_ids=null',
    'model.backbone.norm_eps=0.00001',
    'model.image.min_size=128',
    'model.image.max_size=160',
  ],
});
