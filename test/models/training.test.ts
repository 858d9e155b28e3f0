import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load';
import { decodeImage } from '../../src/data/image';
import { CompiledGraph } from '../../src/graph/compile';
import { ParameterStore } from '../../src/graph/parameters';
import { layOut, StateStore } from '../../src/graph/states';
import { loadCheckpoint } from '../../src/io/load';
import { matchParameters } from '../../src/io/match';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { LOSSES, type LossName, type MaskRcnnTrainingSettings } from '../../src/models/mask_rcnn_training';
import { createOptimizer, GRADIENTS, PARAMETERS, wholeArena } from '../../src/train/optimizers';
import { GRADIENT_PREFIX, trainingGraph } from '../../src/train/training_graph';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';
import { expectNoLeaks } from '../helpers/leaks';
import { formulaWeights, modelFixture } from './formula_weights';
import { slimConfig, slimMissing, SLIM_WEIGHTS } from './slim';
import { trainingBatch, type AnnotatedImage } from './training_images';

/** What test/reference/models/training.py writes. */
interface TrainingFixture {
  readonly images: readonly number[];
  readonly rate: number;
  /** Of the formula that makes the weights. */
  readonly scales: Readonly<Record<string, number>>;
  readonly steps: readonly Readonly<Record<string, number>>[];
  readonly gradients: Readonly<Record<string, { readonly norm: number; readonly sums: readonly number[] }>>;
}

const TORCHVISION_NAMES: Readonly<Record<LossName, string>> = {
  objectness: 'loss_objectness',
  rpnBox: 'loss_rpn_box_reg',
  class: 'loss_classifier',
  box: 'loss_box_reg',
  mask: 'loss_mask',
};

const NUCLEI = fileURLToPath(new URL('../../../shared/data/nuclei/', import.meta.url));

interface NucleiFile {
  readonly images: readonly { readonly id: number; readonly file_name: string }[];
  readonly annotations: readonly {
    readonly image_id: number;
    readonly bbox: readonly [number, number, number, number];
    readonly segmentation: { readonly counts: string };
  }[];
}

async function nuclei(ids: readonly number[]): Promise<AnnotatedImage[]> {
  const file = JSON.parse(readFileSync(`${NUCLEI}annotations/train_rle.json`, 'utf8')) as NucleiFile;
  return Promise.all(
    ids.map(async (id) => {
      const image = file.images.find((other) => other.id === id)!;
      const objects = file.annotations
        .filter(({ image_id }) => image_id === id)
        .map(({ bbox, segmentation }) => ({ box: bbox, label: 1, mask: segmentation.counts }));
      return { pixels: await decodeImage(`${NUCLEI}images/${image.file_name}`), objects };
    }),
  );
}

/** The sketch of a gradient that the reference has: its norm, and 64 sums of its elements with signs by the formula. */
function sketch(gradient: Float32Array): { norm: number; sums: Float64Array } {
  const signs = formula(gradient.length, 77);
  const sums = new Float64Array(64);
  gradient.forEach((value, i) => {
    sums[i % 64] += signs[i] >= 0 ? value : -value;
  });
  return { norm: Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)), sums };
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.sqrt(Array.from(a, (value, i) => (value - b[i]) ** 2).reduce((sum, square) => sum + square, 0));
}

const PROPOSALS = { positiveIou: 0.7, negativeIou: 0.3, samples: 256, positiveShare: 0.5 };
const REGIONS = { positiveIou: 0.5, negativeIou: 0.5, positiveShare: 0.25 };
const WEIGHTS = Object.fromEntries(LOSSES.map((name) => [name, 1])) as Record<LossName, number>;

/** Set to 1, it makes slow tests whole. */
const isWhole = process.env.ENGINE_SLOW_TESTS === '1';

interface TrainingCase {
  readonly name: string;
  /** How many of the reference's steps are taken. */
  readonly steps: number;
  readonly config: MaskRcnnConfig;
  readonly sampling: MaskRcnnTrainingSettings;
  readonly weights: () => Promise<ReadonlyMap<string, Float32Array>>;
}

const r50Config: MaskRcnnConfig = (() => {
  const { model } = loadConfig('mask_rcnn_r50_fpn');
  return {
    ...model,
    classes: 3,
    backbone: { ...model.backbone, normEps: 1e-5 },
    image: { ...model.image, minSize: 128, maxSize: 160 },
  };
})();

const CASES: TrainingCase[] = [
  {
    name: 'slim',
    steps: 10,
    config: slimConfig,
    sampling: {
      proposals: { ...PROPOSALS, preNmsTopN: 1000, postNmsTopN: 500 },
      regions: { ...REGIONS, samples: 256 },
      choice: 'first',
    },
    weights: async () => matchParameters(await loadCheckpoint(SLIM_WEIGHTS), Detector.expectedParameters(slimConfig)),
  },
  {
    name: 'r50',
    // one takes some 12 s on a software adapter
    steps: isWhole ? 10 : 2,
    config: r50Config,
    sampling: {
      proposals: { ...PROPOSALS, preNmsTopN: 2000, postNmsTopN: 2000 },
      regions: { ...REGIONS, samples: 512 },
      choice: 'first',
    },
    weights: () =>
      Promise.resolve(formulaWeights(r50Config, { ...modelFixture<TrainingFixture>('training_r50'), biases: {} })),
  },
];

if (slimMissing !== undefined) {
  console.warn(slimMissing);
}

describe.skipIf(slimMissing !== undefined || !existsSync(NUCLEI)).each(CASES)(
  'training of $name beside torchvision',
  ({ name, steps: taken, config, sampling, weights: loadWeights }) => {
    const fixture = modelFixture<TrainingFixture>(`training_${name}`);
    expectNoLeaks();

    test('losses, the gradient of every parameter, and steps of SGD', async () => {
      const gpu = await testDevice();
      const weights = await loadWeights();
      const shapes = Detector.expectedParameters(config);
      const trainable = [...shapes.keys()].filter((parameter) => parameter in fixture.gradients);
      expect(trainable.sort()).toEqual(Object.keys(fixture.gradients).sort());
      const layout = layOut(
        trainable.map((parameter) => [parameter, weights.get(parameter)!.length] as const),
        gpu.capabilities.maxBindingSize,
      );
      const optimizer = createOptimizer({ type: 'sgd', momentum: 0.9, weightDecay: 1e-4 }, layout, [
        { ranges: wholeArena(layout) },
      ]);
      const states = new StateStore(gpu);
      states.addArena(PARAMETERS, layout, '');
      states.addArena(GRADIENTS, layout, GRADIENT_PREFIX);
      optimizer.slots.forEach((slot) => states.addArena(slot, layout, `${slot}/`));
      trainable.forEach((parameter) => states.write(parameter, new Float32Array(weights.get(parameter)!)));

      const batch = trainingBatch(await nuclei(fixture.images), config);
      const graph = trainingGraph(
        batch.make,
        {
          config,
          sampling,
          lossWeights: WEIGHTS,
          trainable: new Set(trainable),
          accumulate: false,
          checkpointing: false,
        },
        { optimizer },
      );
      const store = new ParameterStore(gpu, weights);
      const compiled = await CompiledGraph.create(graph, store, { label: `training of ${name}`, states });
      const steps: Record<string, number>[] = [];
      for (let step = 0; step < taken; step++) {
        const { outputs } = await compiled.run({
          ...(step === 0 ? batch.values : {}),
          hyper: optimizer.hyper(step, fixture.rate),
        });
        steps.push(
          Object.fromEntries(
            LOSSES.map((loss) => [TORCHVISION_NAMES[loss], new Float32Array(outputs.get(loss)!, 0, 1)[0]]),
          ),
        );
        if (step === 0) {
          const gradients = await states.read(trainable.map((parameter) => GRADIENT_PREFIX + parameter));
          const far = trainable.flatMap((parameter, i) => {
            const { norm, sums } = sketch(gradients[i]);
            const wanted = fixture.gradients[parameter];
            // of levels that no box is pooled from
            const error = wanted.norm === 0 ? norm : distance(sums, wanted.sums) / wanted.norm;
            return error < 1e-3 ? [] : [`${parameter}: ${error.toExponential(2)}, norm ${norm} for ${wanted.norm}`];
          });
          expect(far).toEqual([]);
        }
      }
      steps.forEach((losses, step) => {
        const bound = step === 0 ? 1e-4 : 1e-3;
        const errors = Object.entries(fixture.steps[step]).map(([loss, wanted]) => ({
          loss,
          error: Math.abs(losses[loss] / wanted - 1),
        }));
        console.log(step, errors.map(({ loss, error }) => `${loss} ${error.toExponential(1)}`).join(', '));
        expect(
          errors.filter(({ error }) => !(error < bound)),
          `step ${step}`,
        ).toEqual([]);
      });
      compiled.release();
      store.release();
      states.release();
    }, 600_000);
  },
);
