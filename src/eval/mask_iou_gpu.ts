import type { GpuDevice } from '../gpu/device';
import { CompiledGraph } from '../graph/compile';
import { Graph } from '../graph/graph';
import { ParameterStore } from '../graph/parameters';
import { rleIou } from '../kernels/rle';
import { dense } from '../kernels/tensor';
import { maskIouOnCpu, type MaskIou, type MaskIouJob } from './mask_iou';
import { requireSameSize, rleArea, rleToString, type Rle } from './rle';

/** The greatest side of the kernels' masks. */
const MAX_SIDE = 16384;
/**
 * Two masks of fewer pixels than this in all: their intersection follows from the IoU in f32. It is off by less than half
 * a pixel, for the IoU is rounded once, by at most 2^-24 of itself.
 */
const MAX_AREA_SUM = 2 ** 23;

/**
 * Mask IoU on a GPU, with exactly the values of `maskIouOnCpu`: the kernel's quotients of whole numbers, correctly rounded
 * to f32, tell the numbers themselves, and those are divided anew in f64. Jobs of few pairs, and those of masks too large
 * for that, stay on the processor.
 * @param leastPairs of a job for the GPU
 */
export function gpuMaskIou(gpu: GpuDevice, leastPairs = 1024): MaskIou {
  return async (jobs) => {
    const results: Float64Array[] = [];
    for (const job of jobs) {
      const pairs = job.detections.length * job.groundTruths.length;
      const onGpu = pairs > 0 && pairs >= leastPairs && fits(job);
      results.push(onGpu ? await jobIou(gpu, job) : maskIouOnCpu([job])[0]);
    }
    return results;
  };
}

function fits({ detections, groundTruths }: MaskIouJob): boolean {
  const [{ height, width }] = detections;
  const largest = (masks: readonly Rle[]): number => masks.reduce((most, mask) => Math.max(most, rleArea(mask)), 0);
  return Math.max(height, width) <= MAX_SIDE && largest(detections) + largest(groundTruths) < MAX_AREA_SUM;
}

async function jobIou(gpu: GpuDevice, { detections, groundTruths, crowd }: MaskIouJob): Promise<Float64Array> {
  const masks = [...detections, ...groundTruths];
  masks.forEach((mask) => {
    requireSameSize(detections[0], mask);
  });
  const { height, width } = detections[0];
  const [a, b] = [packStrings(detections), packStrings(groundTruths)];
  const graph = new Graph();
  const inputs = {
    charsA: a.chars,
    endsA: a.ends,
    charsB: b.chars,
    endsB: b.ends,
    crowd: Uint32Array.from(crowd, Number),
  };
  const tensors = Object.entries(inputs).map(([name, values]) => graph.input(name, dense([values.length], 'u32')));
  graph.output('iou', graph.apply(rleIou, tensors, { height, width })[0]);
  const store = new ParameterStore(gpu, new Map());
  try {
    const compiled = await CompiledGraph.create(graph, store, { label: 'mask IoU' });
    try {
      const { outputs } = await compiled.run(inputs);
      return exactQuotients(new Float32Array(outputs.get('iou')!), detections, groundTruths, crowd);
    } finally {
      compiled.release();
    }
  } finally {
    store.release();
  }
}

/** Compressed strings one after the other, and where each ends, in bytes. */
function packStrings(masks: readonly Rle[]): { chars: Uint32Array<ArrayBuffer>; ends: Uint32Array<ArrayBuffer> } {
  const strings = masks.map(rleToString);
  const ends = new Uint32Array(strings.length);
  let length = 0;
  strings.forEach((text, i) => {
    length += text.length;
    ends[i] = length;
  });
  const chars = new Uint32Array(Math.ceil(length / 4));
  new TextEncoder().encodeInto(strings.join(''), new Uint8Array(chars.buffer));
  return { chars, ends };
}

function exactQuotients(
  rounded: Float32Array,
  detections: readonly Rle[],
  groundTruths: readonly Rle[],
  crowd: readonly boolean[],
): Float64Array {
  const areas = groundTruths.map(rleArea);
  const exact = new Float64Array(detections.length * groundTruths.length);
  detections.forEach((detection, d) => {
    const own = rleArea(detection);
    for (let g = 0; g < areas.length; g++) {
      const i = d * areas.length + g;
      const iou = rounded[i];
      if (iou > 0) {
        const both = Math.round(crowd[g] ? iou * own : (iou * (own + areas[g])) / (1 + iou));
        exact[i] = both / (crowd[g] ? own : own + areas[g] - both);
      }
    }
  });
  return exact;
}
