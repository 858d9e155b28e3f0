import { rleDecode, rleFromString } from '../../src/eval/rle';
import type { Graph } from '../../src/graph/graph';
import { preprocessImage } from '../../src/kernels/image';
import { dense } from '../../src/kernels/tensor';
import type { MaskRcnnConfig } from '../../src/models/config';
import type { RgbPixels } from '../../src/models/detector';
import { modelImageSize } from '../../src/models/image_size';
import type { TrainingImage } from '../../src/models/training_image';

/** An image with objects as COCO has them: box x, y, width, height; mask in the image's size. */
export interface AnnotatedImage {
  readonly pixels: RgbPixels;
  readonly objects: readonly {
    readonly box: readonly [number, number, number, number];
    readonly label: number;
    readonly mask: string;
  }[];
}

type Values = Record<string, Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>>;

/**
 * The inputs of a batch as torchvision's GeneralizedRCNNTransform prepares them, boxes and masks on the processor: the
 * simplest way, one image-wide rectangle for each mask.
 */
export function trainingBatch(
  images: readonly AnnotatedImage[],
  config: MaskRcnnConfig,
): { readonly make: (graph: Graph) => TrainingImage[]; readonly values: Values } {
  const sizes = images.map(({ pixels }) => modelImageSize(pixels.height, pixels.width, config.image));
  const height = Math.max(...sizes.map(({ paddedHeight }) => paddedHeight));
  const width = Math.max(...sizes.map(({ paddedWidth }) => paddedWidth));
  const prepared = images.map((image, i) => prepare(image, sizes[i]));
  const values = Object.fromEntries(
    prepared.flatMap((inputs, i) => Object.entries(inputs).map(([name, value]) => [`image${i}.${name}`, value])),
  );
  const make = (graph: Graph): TrainingImage[] =>
    prepared.map((inputs, i) => {
      const input = (name: keyof typeof inputs, shape: number[], dtype: 'u32' | 'f32' = 'u32') =>
        graph.input(`image${i}.${name}`, dense(shape, dtype));
      const capacity = inputs.labels.length;
      const imageInfo = input('imageInfo', [4]);
      const { mean, std } = config.image;
      const image = graph.apply1(preprocessImage, [input('pixels', [inputs.pixels.length]), imageInfo], {
        height,
        width,
        mean: [...mean],
        std: [...std],
      });
      return {
        image,
        imageInfo,
        boxes: graph.withCount(input('boxes', [capacity, 4], 'f32'), input('count', [1])),
        labels: input('labels', [capacity]),
        crowd: input('crowd', [capacity]),
        placements: input('placements', [capacity, 5]),
        words: input('words', [inputs.words.length]),
      };
    });
  return { make, values };
}

function prepare({ pixels, objects }: AnnotatedImage, size: { height: number; width: number }) {
  const bytes = new Uint8Array(Math.ceil(pixels.data.length / 4) * 4);
  bytes.set(pixels.data);
  const n = objects.length;
  const rowWords = Math.ceil(size.width / 32);
  const words = new Uint32Array(Math.max(1, n * rowWords * size.height));
  const placements = new Uint32Array(n * 5);
  const boxes = new Float32Array(n * 4);
  const [ratioX, ratioY] = [Math.fround(size.width / pixels.width), Math.fround(size.height / pixels.height)];
  objects.forEach(({ box: [x, y, w, h], mask }, i) => {
    boxes.set([x * ratioX, y * ratioY, (x + w) * ratioX, (y + h) * ratioY], i * 4);
    const first = i * rowWords * size.height;
    placements.set([0, 0, rowWords, size.height, first], i * 5);
    const bits = rleDecode(rleFromString(mask, pixels.height, pixels.width));
    const [scaleX, scaleY] = [Math.fround(pixels.width / size.width), Math.fround(pixels.height / size.height)];
    for (let row = 0; row < size.height; row++) {
      const sourceRow = Math.min(pixels.height - 1, Math.floor(Math.fround(row * scaleY)));
      for (let column = 0; column < size.width; column++) {
        const sourceColumn = Math.min(pixels.width - 1, Math.floor(Math.fround(column * scaleX)));
        if (bits[sourceColumn * pixels.height + sourceRow] === 1) {
          words[first + row * rowWords + (column >> 5)] |= 1 << (column & 31);
        }
      }
    }
  });
  return {
    pixels: new Uint32Array(bytes.buffer),
    imageInfo: Uint32Array.of(pixels.height, pixels.width, size.height, size.width),
    boxes,
    count: Uint32Array.of(n),
    labels: Uint32Array.from(objects, ({ label }) => label),
    crowd: new Uint32Array(n),
    placements,
    words,
  };
}
