import { createRequire } from 'node:module';
import type * as Dawn from 'webgpu';
import { InputError } from '../errors';
import type { GpuHost } from '../gpu/host';

/** Dawn's switches: f16 on NVIDIA (off by default there), subgroup matrices, and timestamps at full resolution. */
const DAWN_OPTIONS = [
  'enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis',
  'disable-dawn-features=timestamp_quantization',
];

/** Long enough to free the core that Dawn would otherwise spin on, short enough not to delay a small kernel. */
const SOFTWARE_NAP_MS = 0.3;

let shared: GPU | undefined;

/**
 * The process's one `GPU` object, Dawn's in Node, with WebGPU's classes and constants (`GPUBufferUsage` …) put on
 * `globalThis`. While it is referenced, Node does not exit by itself: the command line ends with `process.exit`.
 *
 * @throws InputError if the `webgpu` package is missing or does not load on this machine.
 */
export function createGpu(): GPU {
  if (shared === undefined) {
    const { create, globals } = loadDawn();
    Object.assign(globalThis, globals);
    shared = create([...DAWN_OPTIONS]);
  }
  return shared;
}

/** Loads Dawn only when it is asked for, so that commands without a GPU work, and explain themselves, without it. */
function loadDawn(): typeof Dawn {
  try {
    return createRequire(import.meta.url)('webgpu') as typeof Dawn;
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n');
    throw new InputError(
      `The package "webgpu" (Dawn) does not load on ${process.platform}-${process.arch} with Node ${process.versions.node} ` +
        `(${reason}): run \`npm ci\`; it needs Node 20.19 or newer and, on Linux, glibc 2.34 or newer.`,
    );
  }
}

const neverNotified = new Int32Array(new SharedArrayBuffer(4));

/**
 * After a long wait naps of this share of it delay the end by a hundredth at most. A turn of the loop costs some 0.03 ms of
 * a core, and a software adapter waits for its slowest core: Mask R-CNN at 320 takes 1.82 s instead of 2.06 s so.
 */
const NAP_SHARE = 0.01;
const LONGEST_NAP_MS = 5;

interface Wait {
  readonly since: number;
  readonly napMs: number;
}

/** The promises that throttled() awaits now, the oldest first: it is the next one that is to end. */
const waits = new Map<Promise<unknown>, Wait>();
let napping = false;

function nap(): void {
  const [oldest] = waits.values();
  napping = oldest !== undefined;
  if (oldest !== undefined) {
    const share = (performance.now() - oldest.since) * NAP_SHARE;
    Atomics.wait(neverNotified, 0, 0, Math.max(oldest.napMs, Math.min(share, LONGEST_NAP_MS)));
    setImmediate(nap);
  }
}

/**
 * Awaits `promise` while the event loop sleeps `napMs` milliseconds a turn, and longer as the wait gets long. Dawn polls for the GPU in every turn of the
 * loop and so takes a whole core, which a software adapter needs for its own work: kernels run 1.3 to 1.9 times faster
 * this way on two cores. Where several are awaited at one time, a turn has one nap.
 */
export async function throttled<T>(promise: Promise<T>, napMs: number): Promise<T> {
  waits.set(promise, { since: performance.now(), napMs });
  if (!napping) {
    napping = true;
    setImmediate(nap);
  }
  try {
    return await promise;
  } finally {
    waits.delete(promise);
  }
}

/** Waits for the GPU as suits the adapter: throttled beside a software adapter, at once beside a hardware one. */
async function wait<T>(promise: Promise<T>, softwareAdapter: boolean): Promise<T> {
  return softwareAdapter ? throttled(promise, SOFTWARE_NAP_MS) : promise;
}

/** What the core needs from Node. The adapter is looked for when `gpu` is first read. */
export const nodeHost: GpuHost = {
  get gpu() {
    return createGpu();
  },
  wait,
};
