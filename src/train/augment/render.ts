import type { DecodedSample } from '../../data/training/sample';
import type { GpuDevice } from '../../gpu/device';
import { CompiledGraph } from '../../graph/compile';
import { Graph } from '../../graph/graph';
import { ParameterStore } from '../../graph/parameters';
import { fromStored } from '../../kernels/tensor';
import type { MaskRcnnConfig } from '../../models/config';
import { trainingInputs, type TrainingInputShape } from '../../models/training_inputs';
import type { AugmentedSample } from './plan';

/** What a model is trained on, to be looked at. */
export interface RenderedSample {
  /** In pixels, without padding. */
  readonly height: number;
  readonly width: number;
  /** 8-bit RGB, row by row, 3 bytes a pixel. */
  readonly pixels: Uint8Array;
  readonly objects: readonly RenderedObject[];
}

export interface RenderedObject {
  /** x1, y1, x2, y2 in pixels. */
  readonly box: readonly [number, number, number, number];
  readonly label: number;
  readonly isCrowd: boolean;
  /** Whether the pixel is the object's. */
  readonly covers: (x: number, y: number) => boolean;
}

/** A sample with the changes that are decided for it. */
export interface PreparedSample {
  readonly sample: DecodedSample;
  readonly augmented: AugmentedSample;
}

/** The room that each of some samples has enough of. @param sizeDivisor the padded sides are multiples of it */
export function roomFor(samples: readonly PreparedSample[], sizeDivisor: number, colours: boolean): TrainingInputShape {
  const most = (value: (prepared: PreparedSample) => number): number => Math.max(1, ...samples.map(value));
  const padded = (side: number): number => Math.ceil(side / sizeDivisor) * sizeDivisor;
  return {
    paddedHeight: padded(most(({ augmented }) => augmented.height)),
    paddedWidth: padded(most(({ augmented }) => augmented.width)),
    pixelBytes: most(({ sample }) => sample.pixels.length),
    objects: most(({ sample }) => sample.objects),
    sourceWords: most(({ sample }) => sample.words.length),
    words: most(({ augmented }) => augmented.words),
    colours,
  };
}

/** Makes training images as the training graph does, one after the other, and reads them back. */
export class SampleRenderer {
  private constructor(
    private readonly store: ParameterStore,
    private readonly compiled: CompiledGraph,
    private readonly shape: TrainingInputShape,
    private readonly image: MaskRcnnConfig['image'],
  ) {}

  static async create(
    gpu: GpuDevice,
    shape: TrainingInputShape,
    image: MaskRcnnConfig['image'],
  ): Promise<SampleRenderer> {
    const graph = new Graph();
    const { image: pixels, boxes, labels, crowd, placements, words } = trainingInputs(graph, '', shape, image);
    for (const [name, tensor] of Object.entries({ pixels, boxes, labels, crowd, placements, words })) {
      graph.output(name, tensor);
    }
    if (boxes.count !== undefined) {
      graph.output('count', boxes.count);
    }
    const store = new ParameterStore(gpu, new Map());
    const compiled = await CompiledGraph.create(graph, store, { label: 'training images' });
    return new SampleRenderer(store, compiled, shape, image);
  }

  async render({ height, width, values }: AugmentedSample): Promise<RenderedSample> {
    const { outputs } = await this.compiled.run(values(this.shape));
    const memory = (name: string): ArrayBuffer => outputs.get(name) ?? new ArrayBuffer(0);
    const [boxes, [count]] = [new Float32Array(memory('boxes')), new Uint32Array(memory('count'))];
    const [labels, crowd, placements, words] = ['labels', 'crowd', 'placements', 'words'].map(
      (name) => new Uint32Array(memory(name)),
    );
    const objects = Array.from({ length: count }, (_, i) => ({
      box: [boxes[i * 4], boxes[i * 4 + 1], boxes[i * 4 + 2], boxes[i * 4 + 3]] as const,
      label: labels[i],
      isCrowd: crowd[i] === 1,
      covers: maskReader(placements.subarray(i * 5, i * 5 + 5), words),
    }));
    return { height, width, pixels: this.colours(memory('pixels'), height, width), objects };
  }

  release(): void {
    this.compiled.release();
    this.store.release();
  }

  private colours(memory: ArrayBuffer, height: number, width: number): Uint8Array {
    const { paddedHeight, paddedWidth } = this.shape;
    const { mean, std } = this.image;
    const spec = { shape: [1, paddedHeight, paddedWidth, 3], dtype: 'f32', layout: 'channels4' } as const;
    const values = fromStored(spec, memory);
    const pixels = new Uint8Array(height * width * 3);
    for (let y = 0; y < height; y++) {
      for (let i = 0; i < width * 3; i++) {
        const value = values[y * paddedWidth * 3 + i] * std[i % 3] + mean[i % 3];
        pixels[y * width * 3 + i] = Math.round(Math.min(1, Math.max(0, value)) * 255);
      }
    }
    return pixels;
  }
}

function maskReader([left, top, rowWords, rows, first]: Uint32Array, words: Uint32Array): RenderedObject['covers'] {
  return (x, y) => {
    const [column, row] = [x - left, y - top];
    if (column < 0 || row < 0 || column >= rowWords * 32 || row >= rows) {
      return false;
    }
    return ((words[first + row * rowWords + (column >> 5)] >>> (column & 31)) & 1) === 1;
  };
}
