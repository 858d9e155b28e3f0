import { CompiledGraph } from '../graph/compile';
import type { Graph } from '../graph/graph';
import { ParameterStore } from '../graph/parameters';
import { featureMap, fromStored, product, toStored } from '../kernels/tensor';
import { compareTensors } from './compare';
import { deviceName } from './device_name';
import { formula } from './formula';
import { formulaWeights } from './formula_weights';
import { OURS, type BenchModel } from './model';
import { workOf } from './work';

const IMAGE_SEED = 1;

export interface Network {
  readonly id: string;
  readonly title: string;
  /** Channels, height and width of the input `image`. */
  readonly input: readonly [number, number, number];
  /** Of one image, with one output, f32. */
  readonly graph: () => Graph;
}

/** A network from one tensor to one, with weights and input by formula. It takes floats, as its peers do. */
export function networkModel({ id, title, input, graph }: Network): BenchModel {
  const [channels, height, width] = input;
  const image = (): Float32Array<ArrayBuffer> => formula(product(input), IMAGE_SEED);
  const [name] = [...graph().outputs.keys()];
  return {
    id,
    title,
    task: 'inference',
    weights: null,
    peerOutputs: [name],
    compare: (ours, theirs) => compareTensors(name, ours, theirs),
    peerInputs: () => new Map([['image', { dtype: 'f32', shape: [1, ...input], data: image() }]]),
    async load(gpu, tuner) {
      const net = graph();
      const store = new ParameterStore(gpu, formulaWeights(shapesOf(net)));
      const { spec } = net.outputs.get(name)!;
      const compiled = await CompiledGraph.create(net, store, { label: title, tuner });
      const pixels = { image: toStored(featureMap([1, height, width, channels]), interleaved(image(), channels)) };
      return {
        name: OURS,
        adapter: deviceName(gpu.adapter.info),
        async run() {
          const start = performance.now();
          const { outputs } = await compiled.run(pixels);
          const milliseconds = performance.now() - start;
          const values = fromStored(spec, outputs.get(name)!) as Float32Array;
          return { milliseconds, result: { [name]: planes(values, spec.shape.at(-1) ?? 1) } };
        },
        async profile() {
          const start = performance.now();
          const { times } = await compiled.run(pixels, true);
          return workOf(performance.now() - start, compiled.statistics.dispatches, times);
        },
        async release() {
          compiled.release();
          store.release();
        },
      };
    },
  };
}

/** Names and shapes of a graph's parameters. */
export function shapesOf({ parameters }: Graph): Map<string, readonly number[]> {
  return new Map([...parameters].map(([name, { spec }]) => [name, spec.shape]));
}

/** [C, P] to [P, C]. */
function interleaved(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const pixels = values.length / channels;
  const result = new Float32Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      result[pixel * channels + channel] = values[channel * pixels + pixel];
    }
  }
  return result;
}

/** [P, C] to [C, P]; a vector stays as it is. */
function planes(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  return interleaved(values, values.length / channels);
}
