import { CompiledGraph } from '../graph/compile';
import type { Graph } from '../graph/graph';
import { ParameterStore } from '../graph/parameters';
import { featureMap, fromStored, toStored } from '../kernels/tensor';
import { resnetClassifierGraph } from '../models/resnet_classifier';
import { compareLogits } from './compare';
import { deviceName } from './device_name';
import { formula } from './formula';
import { formulaWeights } from './formula_weights';
import { OURS, type BenchModel } from './model';
import { workOf } from './work';

const SIDE = 224;
const NORM_EPS = 1e-5;
const IMAGE_SEED = 1;

/** torchvision's resnet50 with weights by formula. It takes a normalised image, as its peers do. */
export const resnet50: BenchModel = {
  id: 'resnet50',
  title: 'ResNet-50 classifier, 224 x 224, batch 1',
  task: 'inference',
  weights: null,
  peerOutputs: ['logits'],
  compare: compareLogits,
  peerInputs: () => new Map([['image', { dtype: 'f32', shape: [1, 3, SIDE, SIDE], data: planes() }]]),
  async load(gpu, tuner) {
    const net = graph();
    const store = new ParameterStore(gpu, formulaWeights(shapesOf(net)));
    const [logits] = [...net.outputs.values()];
    const compiled = await CompiledGraph.create(net, store, { label: 'ResNet-50', tuner });
    const image = toStored(featureMap([1, SIDE, SIDE, 3]), interleaved(planes()));
    return {
      name: OURS,
      adapter: deviceName(gpu.adapter.info),
      async run() {
        const start = performance.now();
        const { outputs } = await compiled.run({ image });
        const milliseconds = performance.now() - start;
        return { milliseconds, result: { logits: fromStored(logits.spec, outputs.get('logits') as ArrayBuffer) } };
      },
      async profile() {
        const start = performance.now();
        const { times } = await compiled.run({ image }, true);
        return workOf(performance.now() - start, compiled.statistics.dispatches, times);
      },
      async release() {
        compiled.release();
        store.release();
      },
    };
  },
};

/** Names and shapes of its parameters, as torchvision has them. */
export function resnet50Shapes(): Map<string, readonly number[]> {
  return shapesOf(graph());
}

function graph(): Graph {
  return resnetClassifierGraph({ name: 'resnet50', classes: 1000, normEps: NORM_EPS }, [1, SIDE, SIDE]);
}

function shapesOf({ parameters }: Graph): Map<string, readonly number[]> {
  return new Map([...parameters].map(([name, { spec }]) => [name, spec.shape]));
}

/** [3, SIDE, SIDE] in -1 to 1. */
function planes(): Float32Array<ArrayBuffer> {
  return formula(3 * SIDE * SIDE, IMAGE_SEED);
}

/** [3, P] to [P, 3]. */
function interleaved(values: Float32Array): Float32Array<ArrayBuffer> {
  const pixels = values.length / 3;
  return Float32Array.from(values, (_, i) => values[(i % 3) * pixels + Math.floor(i / 3)]);
}
