import type { DispatchTime } from '../gpu/profiler';
import type { GpuDevice } from '../gpu/device';
import { GpuError } from '../gpu/errors';
import { CompiledGraph, type CompileOptions, type PlanStatistics } from '../graph/compile';
import { ParameterStore } from '../graph/parameters';
import { requirePrecision } from '../kernels/precision';
import type { MaskRcnnConfig } from './config';
import { modelImageSize } from './image_size';
import { maskRcnnGraph, type MaskRcnnShape } from './mask_rcnn';
import { Turns } from './turns';
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
  /**
   * From the upload to the results, without the making of a new plan; where the image before was not done at the upload,
   * from that one's results on. So the times of images that overlap add up.
   */
  readonly milliseconds: number;
  /** Of making the plan and its pipelines, with packing the weights and choosing kernels; 0 where it was there. */
  readonly planMilliseconds: number;
  /** When the results came, as performance.now() counts: in Node, milliseconds since the process started. */
  readonly finished: number;
}

interface Plan {
  readonly key: string;
  readonly shape: MaskRcnnShape;
  readonly compiled: CompiledGraph;
  /** Milliseconds of making it, until an image has been booked with them. */
  making: number;
  /** Images that are being run with it. */
  runs: number;
}

/** The images that are on the device at one time: the GPU works on one while the other is written or read back. */
export const IMAGES_IN_FLIGHT = 2;
/** Compiled plans that are kept; the one used longest ago goes first. */
const PLANS_KEPT = 4;
const MIN_RLE_BYTES = 1 << 18;
/** Room for the RLE string of a detection; where it is not enough, the plan is made anew with more. */
const RLE_BYTES_PER_DETECTION = 2048;

/** How the kernels of a detector are chosen, and its weights kept. */
export type DetectorOptions = Pick<CompileOptions, 'variants' | 'tuner' | 'precision'>;

/** A Mask R-CNN with its weights on a device: detects the objects of images of any size. */
export class Detector {
  private readonly store: ParameterStore;
  private plans: Plan[] = [];
  private rleBytes: number;
  private readonly inFlight = new Turns(IMAGES_IN_FLIGHT);
  /** Plans are made one after the other, as they share the store. */
  private readonly planning = new Turns(1);
  private running = 0;
  private released = false;
  /** When the last results came. */
  private lastResults = 0;

  /**
   * @param weights by torchvision's names; see `expectedParameters`
   * @throws InputError where the device does not do the precision
   */
  constructor(
    gpu: GpuDevice,
    readonly config: MaskRcnnConfig,
    weights: ReadonlyMap<string, Float32Array>,
    private readonly options: DetectorOptions = {},
  ) {
    requirePrecision(gpu.capabilities, options.precision ?? 'f32');
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

  /**
   * Detects the objects of one image: one submission and one readback (see ImageProfile). To keep the GPU busy, ask for
   * the next image before this one's results are there: two are on the device at one time, further ones wait for their
   * turn. Their results come in any order. The image's bytes are not copied: they have to stay until its results are there.
   * @throws GpuError where the device fails, or the detector was released before the image's turn
   */
  async detect(image: RgbPixels, profile = false): Promise<ImageDetections> {
    return this.inFlight.take(async () => {
      if (this.released) {
        throw new GpuError('the detector was released before it came to this image');
      }
      this.running++;
      try {
        return await this.detectNow(image, profile);
      } finally {
        this.running--;
        if (this.released && this.running === 0) {
          this.free();
        }
      }
    });
  }

  /**
   * Makes what images of a size need: plan, pipelines, and the choice of kernels, which a tuner measures.
   * @param image width and height in pixels
   */
  async prepare({ width, height }: Pick<RgbPixels, 'width' | 'height'>): Promise<void> {
    const plan = await this.takePlan(this.shapeFor(width, height));
    plan.runs--;
    this.evict(PLANS_KEPT);
  }

  private shapeFor(width: number, height: number): MaskRcnnShape {
    const { paddedHeight, paddedWidth } = modelImageSize(height, width, this.config.image);
    const pixelBytes = nextPowerOfTwo(Math.ceil((width * height * 3) / 4) * 4);
    return { paddedHeight, paddedWidth, pixelBytes, rleBytes: this.rleBytes };
  }

  private async detectNow(image: RgbPixels, profile: boolean): Promise<ImageDetections> {
    const { height, width } = image;
    const size = modelImageSize(height, width, this.config.image);
    const { paddedHeight, paddedWidth } = size;
    const pixels = wholeWords(image.data);
    const imageInfo = new Uint32Array([height, width, size.height, size.width]);
    let planMilliseconds = 0;
    for (let runs = 1; ; runs++) {
      const plan = await this.takePlan(this.shapeFor(width, height));
      planMilliseconds += plan.making;
      plan.making = 0;
      try {
        const start = performance.now();
        const { outputs, times } = await plan.compiled.run({ pixels, imageInfo }, profile);
        const end = performance.now();
        const milliseconds = end - Math.max(start, this.lastResults);
        this.lastResults = end;
        const words = (name: string): Uint32Array => new Uint32Array(outputs.get(name) ?? new ArrayBuffer(0));
        const [needed] = words('rleTotal');
        if (needed <= plan.shape.rleBytes) {
          const { statistics } = plan.compiled;
          return {
            objects: readObjects(outputs, height, width),
            available: words('available')[0],
            profile: {
              ...{ paddedHeight, paddedWidth, plan: statistics, times, milliseconds, planMilliseconds },
              ...{ submissions: runs, readbacks: runs, finished: end },
            },
          };
        }
        // another image may have asked for still more
        this.rleBytes = Math.max(this.rleBytes, nextPowerOfTwo(Math.max(needed, plan.shape.rleBytes * 2)));
      } finally {
        plan.runs--;
        this.evict(PLANS_KEPT);
      }
    }
  }

  /** The plan of a shape, as the one used last; it stays until the caller has taken its `runs` back. */
  private async takePlan(shape: MaskRcnnShape): Promise<Plan> {
    return this.planning.take(async () => {
      const key = JSON.stringify(shape);
      const plan = this.plans.find((known) => known.key === key) ?? (await this.makePlan(key, shape));
      this.plans = [...this.plans.filter((other) => other !== plan), plan];
      plan.runs++;
      return plan;
    });
  }

  private async makePlan(key: string, shape: MaskRcnnShape): Promise<Plan> {
    const start = performance.now();
    this.evict(PLANS_KEPT - 1);
    const label = `Mask R-CNN at ${shape.paddedWidth}x${shape.paddedHeight}`;
    const graph = maskRcnnGraph(this.config, shape);
    const compiled = await CompiledGraph.create(graph, this.store, { ...this.options, label });
    return { key, shape, compiled, making: performance.now() - start, runs: 0 };
  }

  /** Releases the plans used longest ago until `kept` are left, or those that are in use. */
  private evict(kept: number): void {
    const surplus = this.plans.filter(({ runs }) => runs === 0).slice(0, Math.max(0, this.plans.length - kept));
    surplus.forEach(({ compiled }) => compiled.release());
    this.plans = this.plans.filter((plan) => !surplus.includes(plan));
  }

  /** Frees everything on the device, once the images that are on it have their results. */
  release(): void {
    this.released = true;
    if (this.running === 0) {
      this.free();
    }
  }

  private free(): void {
    this.evict(0);
    this.store.release();
  }
}

/** The bytes, with zeros after them up to a multiple of four. */
function wholeWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length % 4 === 0 && bytes.buffer instanceof ArrayBuffer) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
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
