import copySource from '../../../shaders/bench/copy.wgsl';
import fmaSource from '../../../shaders/bench/fma.wgsl';
import { timeCopies } from '../../gpu/copy_timing';
import type { GpuDevice } from '../../gpu/device';
import { f32, u32 } from '../../gpu/kernel';
import { CompiledGraph } from '../../graph/compile';
import { Graph } from '../../graph/graph';
import { ParameterStore } from '../../graph/parameters';
import { dispatchItems } from '../../kernels/itemwise';
import { read, required, write, type Op } from '../../kernels/op';
import { dense } from '../../kernels/tensor';
import { timeBatches } from '../../graph/time_batches';

/** What a device was measured to reach, in the units of its time: the ceilings that kernels are held against. */
export interface Ceilings {
  /** f32, a fused multiply-add counted as two. */
  readonly gflops: number;
  /** Bytes read plus bytes written, of a copy by a kernel, in GB/s (1e9). */
  readonly kernelCopy: number;
  /** The same of copyBufferToBuffer. */
  readonly bufferCopy: number;
  /** The same of a typed array's set() on the host; for software adapters, whose memory it is. */
  readonly hostCopy: number;
}

/** GB/s of a device: the faster one of its copies. */
export function bandwidthOf({ kernelCopy, bufferCopy }: Ceilings): number {
  return Math.max(kernelCopy, bufferCopy);
}

/** Of two measurements of one device. */
export function higherCeilings(a: Ceilings, b: Ceilings): Ceilings {
  return {
    gflops: Math.max(a.gflops, b.gflops),
    kernelCopy: Math.max(a.kernelCopy, b.kernelCopy),
    bufferCopy: Math.max(a.bufferCopy, b.bufferCopy),
    hostCopy: Math.max(a.hostCopy, b.hostCopy),
  };
}

/** Chains of different lengths: how many are enough to hide the latency, and fit the registers, differs by device. */
const CHAINS = [2, 4, 6, 8];
const UNROLL = 16;
const FLOPS_OF_VEC4_FMA = 8;
/** Copied at a time, where the device allows buffers of that size: more than caches hold. */
const COPY_BYTES = 64 * 2 ** 20;
const BATCHES = 8;

export async function measureCeilings(gpu: GpuDevice, batches = BATCHES, copyBytes = COPY_BYTES): Promise<Ceilings> {
  const { maxBindingSize, maxBufferSize } = gpu.capabilities;
  const bytes = Math.floor(Math.min(copyBytes, maxBindingSize, maxBufferSize) / 16) * 16;
  const fma = [];
  for (const chains of CHAINS) {
    const attributes = fmaAttributes(gpu.capabilities.software, gpu.capabilities.subgroupSize, chains);
    fma.push(fmaFlops(attributes) / (await timeOp(gpu, fmaProbe, 1, attributes, batches)));
  }
  const kernelCopy = (2 * bytes) / (await timeOp(gpu, copyProbe, bytes / 4, {}, batches));
  const bufferCopy = (2 * bytes) / (await timeCopies(gpu, bytes, batches));
  return {
    gflops: Math.max(...fma) / 1e6,
    kernelCopy: kernelCopy / 1e6,
    bufferCopy: bufferCopy / 1e6,
    hostCopy: (2 * bytes) / timeHostCopy(bytes, batches) / 1e6,
  };
}

/** The smallest time of batches in milliseconds: a ceiling is what a device can do. */
async function timeOp<A>(gpu: GpuDevice, op: Op<A>, length: number, attributes: A, batches: number): Promise<number> {
  const graph = new Graph();
  graph.output('y', graph.apply1(op, [graph.input('x', dense([length]))], attributes));
  const store = new ParameterStore(gpu, new Map());
  try {
    const compiled = await CompiledGraph.create(graph, store, { label: `probe ${op.name}` });
    try {
      return Math.min(...(await timeBatches(compiled, batches)).milliseconds);
    } finally {
      compiled.release();
    }
  } finally {
    store.release();
  }
}

function timeHostCopy(bytes: number, batches: number): number {
  const [from, to] = [new Float32Array(bytes / 4).fill(1), new Float32Array(bytes / 4)];
  // pages that were never written have no memory yet
  to.set(from);
  const times = Array.from({ length: Math.max(3, batches) }, () => {
    const start = performance.now();
    to.set(from);
    return performance.now() - start;
  });
  return Math.min(...times);
}

const copyProbe: Op<object> = {
  name: 'copyProbe',
  infer: (inputs) => [required(inputs, 0, 'copyProbe')],
  forward(context, inputs, [y]) {
    dispatchItems(context, y.spec.shape[0] / 4, {
      kernel: 'bench/copy',
      source: copySource,
      bindings: { x: read(required(inputs, 0, 'copyProbe'), 'vec4f'), y: write(y, 'vec4f') },
    });
  },
};

export interface FmaAttributes {
  readonly lanes: number;
  readonly workgroups: number;
  readonly chains: number;
  readonly iterations: number;
}

/** One subgroup a workgroup with long loops on a processor, many workgroups of 256 on a GPU. */
export function fmaAttributes(software: boolean, subgroupSize: number, chains: number): FmaAttributes {
  return software
    ? { lanes: subgroupSize || 8, workgroups: 64, chains, iterations: 1024 }
    : { lanes: 256, workgroups: 4096, chains, iterations: 256 };
}

export function fmaFlops({ lanes, workgroups, chains, iterations }: FmaAttributes): number {
  return lanes * workgroups * chains * iterations * UNROLL * FLOPS_OF_VEC4_FMA;
}

/** Input: anything. Output f32 dense, four a lane: x -> 0.5 x + 1 repeated, of the lane's number, so 2 in the end. */
export const fmaProbe: Op<FmaAttributes> = {
  name: 'fmaProbe',
  infer: (_, { lanes, workgroups }) => [dense([lanes * workgroups, 4])],
  forward(context, _, [y], { lanes, workgroups, chains, iterations }) {
    context.dispatch({
      kernel: `bench/fma, ${chains} chains`,
      source: fmaSource,
      defines: { LANES: lanes, CHAINS: chains, UNROLL },
      bindings: { y: write(y, 'vec4f') },
      params: { iterations: u32(iterations), factor: f32(0.5), summand: f32(1) },
      workgroups: [workgroups, 1, 1],
    });
  },
};
