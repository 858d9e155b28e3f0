import { GpuDevice, type AdapterChoice } from '../../src/gpu/device';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph, type Tensor } from '../../src/graph/graph';
import type { Variants } from '../../src/graph/lower';
import { ParameterStore } from '../../src/graph/parameters';
import type { Op } from '../../src/kernels/op';
import type { Precision } from '../../src/kernels/precision';
import { fromStored, toStored, type TensorSpec } from '../../src/kernels/tensor';
import { nodeHost } from '../../src/node/webgpu';

let shared: Promise<GpuDevice> | undefined;

/** The device that all tests of a worker share. */
export function testDevice(): Promise<GpuDevice> {
  const choice = (process.env.ENGINE_ADAPTER ?? 'auto') as AdapterChoice;
  shared ??= GpuDevice.open(nodeHost, choice);
  return shared;
}

export type HostValues = Float32Array | Uint32Array | Int32Array;

/** A tensor for an op under test: values row-major in the spec's shape (NHWC), unpadded. */
export interface TestTensor {
  readonly spec: TensorSpec;
  readonly values: HostValues;
  /** Makes it a parameter, so that packing and folding happen once, as in a model. */
  readonly parameter?: boolean;
  /** Items of the first axis in use. */
  readonly count?: number;
}

export interface OutputValues {
  readonly spec: TensorSpec;
  readonly values: HostValues;
}

export interface RunOptions {
  readonly variant?: string;
  readonly precision?: Precision;
  /** Called with the bytes alive after the run, for leak tests. */
  readonly stored?: boolean;
}

/**
 * Runs one op through graph, plan and device. Gives the outputs' values, unpadded; with `stored`, as they lie in memory,
 * so that a test can see that padding is zero.
 */
export async function runOp<A>(
  op: Op<A>,
  inputs: readonly (TestTensor | null)[],
  attributes: A,
  options: RunOptions = {},
): Promise<OutputValues[]> {
  const variants = options.variant === undefined ? {} : { [op.name]: options.variant };
  return runGraph(inputs, (graph, tensors) => graph.apply(op, tensors, attributes), { ...options, variants });
}

/** Runs the graph that `build` makes of the inputs, and gives the values of the tensors that it returns, as runOp(). */
export async function runGraph(
  inputs: readonly (TestTensor | null)[],
  build: (graph: Graph, tensors: (Tensor | null)[]) => readonly Tensor[],
  options: Pick<RunOptions, 'stored' | 'precision'> & { readonly variants?: Variants } = {},
): Promise<OutputValues[]> {
  const gpu = await testDevice();
  const graph = new Graph();
  const parameters = new Map<string, Float32Array>();
  const uploads: Record<string, HostValues & ArrayBufferView<ArrayBuffer>> = {};
  const tensors = inputs.map((input, i): Tensor | null => {
    if (input === null) {
      return null;
    }
    const name = `input${i}`;
    if (input.parameter) {
      parameters.set(name, input.values as Float32Array);
      return graph.parameter(name, input.spec.shape);
    }
    uploads[name] = toStored(input.spec, input.values) as HostValues & ArrayBufferView<ArrayBuffer>;
    const tensor = graph.input(name, input.spec);
    if (input.count === undefined) {
      return tensor;
    }
    uploads[`count${i}`] = new Uint32Array([input.count]);
    return graph.withCount(tensor, graph.input(`count${i}`, { shape: [1], dtype: 'u32', layout: 'dense' }));
  });
  const outputs = build(graph, tensors);
  outputs.forEach((output, i) => graph.output(`output${i}`, output));
  const store = new ParameterStore(gpu, parameters);
  const label = `test of ${graph.nodes[0]?.op.name ?? 'nothing'}`;
  const { variants = {}, precision } = options;
  const compiled = await CompiledGraph.create(graph, store, { label, variants, precision });
  try {
    const run = await compiled.run(uploads);
    return outputs.map(({ spec }, i) => {
      const memory = run.outputs.get(`output${i}`) as ArrayBuffer;
      const whole: TensorSpec = { ...spec, layout: 'dense', shape: [memory.byteLength / 4] };
      return { spec, values: fromStored(options.stored ? whole : spec, memory) };
    });
  } finally {
    compiled.release();
    store.release();
  }
}
