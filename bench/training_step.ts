import { deviceName } from '../src/bench/device_name';
import { formulaWeights } from '../src/bench/formula_weights';
import type { Contestant } from '../src/bench/measure';
import { augmentSchema } from '../src/config/augment_schema';
import { camelKeys } from '../src/config/camel';
import { resolveConfig } from '../src/config/resolve';
import { readTrainingDataset } from '../src/data/training/dataset';
import { SampleDecoder } from '../src/data/training/sample_decoder';
import { Warnings } from '../src/data/warnings';
import { GpuDevice, type AdapterChoice } from '../src/gpu/device';
import { loadCheckpoint } from '../src/io/load';
import { matchParameters } from '../src/io/match';
import { Detector } from '../src/models/detector';
import { nodeHost } from '../src/node/webgpu';
import { augmentSample } from '../src/train/augment/plan';
import { runSettings } from '../src/train/settings_from_config';
import { Trainer } from '../src/train/trainer';

export { measure } from '../src/bench/measure';

export interface StepCase {
  /** Name of a configuration, and what is set over it. */
  readonly config: string;
  readonly settings: readonly string[];
  /** A checkpoint; null for weights by formula. */
  readonly weights: string | null;
  readonly annotations: string;
  readonly imageFolder: string;
  /** Ids of the batch's images. */
  readonly images: readonly number[];
}

const STEPS = 1000;

/**
 * Training on one fixed batch: a run is a step from decoded images, boxes and masks in the computer's memory to new weights.
 * Its result has the losses.
 */
export async function prepareStep(
  { config: name, settings, weights: file, annotations, imageFolder, images: ids }: StepCase,
  adapter: AdapterChoice,
): Promise<Contestant> {
  const { config } = resolveConfig(name, settings);
  const { model, train } = config;
  const dataset = await readTrainingDataset(annotations, imageFolder, config.data, new Warnings());
  const decoder = new SampleDecoder(0);
  const samples = await Promise.all(
    ids.map((id) => {
      const entry = dataset.images.find((image) => image.id === id);
      if (entry === undefined) {
        throw new RangeError(`${annotations} has no image ${id} with objects`);
      }
      return decoder.decode(entry);
    }),
  );
  const unchanged = camelKeys(augmentSchema.parse({}));
  const batch = samples.map((sample, index) =>
    augmentSample(sample, unchanged, model.image, { seed: train.seed, step: 0, index }),
  );
  const shapes = Detector.expectedParameters(model);
  const weights = file === null ? formulaWeights(shapes) : matchParameters(await loadCheckpoint(file), shapes);
  const gpu = await GpuDevice.open(nodeHost, adapter);
  const most = (values: readonly number[]): number => Math.max(...values);
  const trainer = new Trainer(gpu, weights, shapes, {
    config: model,
    sampling: train,
    settings: runSettings(config, STEPS),
    groups: train,
    passes: 1,
    seed: train.seed,
    checkpointing: train.checkpointing,
    room: {
      pixelBytes: most(samples.map(({ pixels }) => pixels.length)),
      objects: most(samples.map(({ objects }) => objects)),
      sourceWords: most(samples.map(({ words }) => words.length)),
      colours: false,
    },
  });
  let step = 0;
  return {
    name: 'mask-engine',
    adapter: deviceName(gpu.adapter.info),
    async run() {
      const start = performance.now();
      const { losses } = await trainer.step(step++, [batch]);
      const milliseconds = performance.now() - start;
      return {
        milliseconds,
        result: Object.fromEntries(Object.entries(losses).map(([loss, value]) => [loss, [value]])),
      };
    },
    release() {
      trainer.release();
      gpu.close();
      return Promise.resolve();
    },
  };
}
