import type { DispatchTime } from '../gpu/profiler';
import type { GpuDevice } from '../gpu/device';
import { CompiledGraph, type PlanStatistics } from '../graph/compile';
import type { Variants } from '../graph/lower';
import { ParameterStore } from '../graph/parameters';
import type { MaskRcnnConfig } from './config';
import { modelImageSize } from './image_size';
import { maskRcnnGraph, type MaskRcnnShape } from './mask_rcnn';
import { nextPowerOfTwo } from './power_of_two';

/** 8-bit RGB, row-major, three bytes a pixel. */
export interface RgbPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export interface DetectedObject {
  /** x1, y1, x2, y2 in pixels of the source image. */
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  /** 1 is the first class. */
  readonly label: number;
  /** COCO's compressed RLE in the size of the source image: height, width. */
  readonly mask: { readonly size: readonly [number, number]; readonly counts: string };
}

export interface ImageDetections {
  /** By descending score. */
  readonly objects: DetectedObject[];
  /** How many there would have been without the limit of detections per image. */
  readonly available: number;
  readonly profile: ImageProfile;
}

/** How an image was run. */
export interface ImageProfile {
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  /** One of each; two where the RLE strings needed more room than any image before. */
  readonly submissions: number;
  readonly readbacks: number;
  readonly plan: PlanStatistics;
  /** Of each dispatch, where a profile was asked for. */
  readonly times: readonly DispatchTime[];
  /** From the upload to the results, without the making of a new plan. */
  readonly milliseconds: number;
}

interface Plan {
  readonly key: string;
  readonly shape: MaskRcnnShape;
  readonly compiled: CompiledGraph;
}

/** Compiled plans that are kept; the one used longest ago goes first. */
const PLANS_KEPT = 4;
const MIN_RLE_BYTES = 1 << 18;
/** Room for the RLE string of a detection; where it is not enough, the plan is made anew with more. */
const RLE_BYTES_PER_DETECTION = 2048;

/** A Mask R-CNN with its weights on a device: detects the objects of images of any size. */
export class Detector {
  private readonly store: ParameterStore;
  private plans: Plan[] = [];
  private rleBytes: number;

  /** @param weights by torchvision's names; see `expectedParameters` */
  constructor(
    private readonly gpu: GpuDevice,
    readonly config: MaskRcnnConfig,
    weights: ReadonlyMap<string, Float32Array>,
    private readonly variants: Variants = {},
  ) {
    this.store = new ParameterStore(gpu, weights);
    this.rleBytes = Math.max(MIN_RLE_BYTES, config.box.detectionsPerImage * RLE_BYTES_PER_DETECTION);
  }

  /** Names and shapes of the parameters of a model of this form. */
  static expectedParameters(config: MaskRcnnConfig): Map<string, number[]> {
    const side = config.image.sizeDivisor;
    const smallest = { paddedHeight: side, paddedWidth: side, pixelBytes: 4, rleBytes: MIN_RLE_BYTES };
    const { parameters } = maskRcnnGraph(config, smallest);
    return new Map([...parameters].map(([name, { spec }]) => [name, [...spec.shape]]));
  }

  /** Detects the objects of one image: one submission and one readback (see ImageProfile). */
  async detect(image: RgbPixels, profile = false): Promise<ImageDetections> {
    const { height, width } = image;
    const size = modelImageSize(height, width, this.config.image);
    const bytes = new Uint8Array(Math.ceil(image.data.length / 4) * 4);
    bytes.set(image.data);
    const imageInfo = new Uint32Array([height, width, size.height, size.width]);
    let [submissions, readbacks] = [0, 0];
    for (;;) {
      const { paddedHeight, paddedWidth } = size;
      const pixelBytes = nextPowerOfTwo(bytes.length);
      const plan = await this.plan({ paddedHeight, paddedWidth, pixelBytes, rleBytes: this.rleBytes });
      const before = { ...this.gpu.counters };
      const start = performance.now();
      const { outputs, times } = await plan.compiled.run({ pixels: bytes, imageInfo }, profile);
      const milliseconds = performance.now() - start;
      submissions += this.gpu.counters.submissions - before.submissions;
      readbacks += this.gpu.counters.readbacks - before.readbacks;
      const words = (name: string): Uint32Array => new Uint32Array(outputs.get(name) ?? new ArrayBuffer(0));
      const [needed] = words('rleTotal');
      if (needed > plan.shape.rleBytes) {
        this.rleBytes = nextPowerOfTwo(Math.max(needed, plan.shape.rleBytes * 2));
        continue;
      }
      return {
        objects: readObjects(outputs, height, width),
        available: words('available')[0],
        profile: {
          paddedHeight,
          paddedWidth,
          submissions,
          readbacks,
          plan: plan.compiled.statistics,
          times,
          milliseconds,
        },
      };
    }
  }

  private async plan(shape: MaskRcnnShape): Promise<Plan> {
    const key = JSON.stringify(shape);
    let plan = this.plans.find((known) => known.key === key);
    if (plan === undefined) {
      this.plans.splice(0, this.plans.length - PLANS_KEPT + 1).forEach((old) => old.compiled.release());
      const label = `Mask R-CNN at ${shape.paddedWidth}x${shape.paddedHeight}`;
      const graph = maskRcnnGraph(this.config, shape);
      plan = {
        key,
        shape,
        compiled: await CompiledGraph.create(graph, this.store, { label, variants: this.variants }),
      };
    }
    this.plans = [...this.plans.filter((other) => other !== plan), plan];
    return plan;
  }

  /** Frees everything on the device. */
  release(): void {
    this.plans.forEach(({ compiled }) => compiled.release());
    this.plans = [];
    this.store.release();
  }
}

function readObjects(outputs: ReadonlyMap<string, ArrayBuffer>, height: number, width: number): DetectedObject[] {
  const floats = (name: string): Float32Array => new Float32Array(outputs.get(name) ?? new ArrayBuffer(0));
  const words = (name: string): Uint32Array => new Uint32Array(outputs.get(name) ?? new ArrayBuffer(0));
  const [count] = words('count');
  const [boxes, scores, labels, ends] = [floats('boxes'), floats('scores'), words('labels'), words('rleEnds')];
  const strings = new TextDecoder().decode(
    new Uint8Array(outputs.get('rle') ?? new ArrayBuffer(0), 0, ends[count - 1] ?? 0),
  );
  return Array.from({ length: count }, (_, i) => ({
    box: [boxes[i * 4], boxes[i * 4 + 1], boxes[i * 4 + 2], boxes[i * 4 + 3]],
    score: scores[i],
    label: labels[i],
    mask: { size: [height, width], counts: strings.slice(i === 0 ? 0 : ends[i - 1], ends[i]) },
  }));
}
