import { renderScene } from '../data/synth/render';
import { maskWords } from '../data/training/decode_sample';
import { packObjects, type KeptObject } from '../data/training/objects';
import type { DecodedSample } from '../data/training/sample';
import { rleDecode, rleToBbox, type Rle } from '../eval/rle';
import type { HostTensor } from '../io/checkpoint';
import type { RgbPixels } from '../models/detector';

const SEED = 1;
/** Diameters of the particles, in pixels. */
const DIAMETERS = [8, 30] as const;

/** A synthetic picture of particles with the mask of each. */
export interface AnnotatedScene {
  readonly image: RgbPixels;
  /** Disjoint, in the size of the picture. */
  readonly masks: readonly Rle[];
}

/**
 * A scene of `engine synth` with this many particles: the same on every machine, so that no data set is needed.
 * @throws InputError where the picture has no room for them
 */
export function scene(width: number, height: number, particles: number): AnnotatedScene {
  const rendered = renderScene(
    { seed: SEED, scene: particles },
    { width, height, particles: [particles, particles], diameters: DIAMETERS, distractors: false },
  );
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => rendered.pixels[Math.floor(i / 3)]);
  return { image: { width, height, data }, masks: rendered.particles.map(({ mask }) => mask) };
}

/** A scene as training takes it; all objects are of the first class. */
export function sampleOf({ image: { width, height, data }, masks }: AnnotatedScene, imageId: number): DecodedSample {
  const objects = packObjects(masks.map((mask): KeptObject => ({ box: boxOf(mask), label: 1, isCrowd: false, mask })));
  const pixels = new Uint8Array(Math.ceil(data.length / 4) * 4);
  pixels.set(data);
  const words = maskWords({ ...objects, height });
  return { ...objects, imageId, fileName: `scene ${imageId}`, width, height, pixels, words };
}

/**
 * A scene as torchvision's detection models take it in training: `image` f32 [3, H, W] in 0 to 1, `boxes` f32 [n, 4] (x1,
 * y1 included, x2, y2 excluded), `labels` i64 [n], `masks` u8 [n, H, W]. `suffix` goes after the names.
 */
export function torchvisionSample({ image, masks }: AnnotatedScene, suffix: number): [string, HostTensor][] {
  const { height, width } = image;
  const pixels = height * width;
  const bits = new Uint8Array(masks.length * pixels);
  masks.forEach((mask, i) => {
    bits.set(rowMajor(rleDecode(mask), height, width), i * pixels);
  });
  return [
    [`image${suffix}`, floatPlanes(image)],
    [`boxes${suffix}`, { dtype: 'f32', shape: [masks.length, 4], data: Float32Array.from(masks.flatMap(boxOf)) }],
    [`labels${suffix}`, { dtype: 'i64', shape: [masks.length], data: new BigInt64Array(masks.length).fill(1n) }],
    [`masks${suffix}`, { dtype: 'u8', shape: [masks.length, height, width], data: bits }],
  ];
}

/** An image as f32 [3, H, W] in 0 to 1. */
export function floatPlanes({ height, width, data }: RgbPixels): HostTensor {
  const pixels = height * width;
  const floats = Float32Array.from(data, (_, i) => data[(i % pixels) * 3 + Math.floor(i / pixels)] / 255);
  return { dtype: 'f32', shape: [3, height, width], data: floats };
}

/** x1, y1, x2, y2 in pixels, x2 and y2 excluded. */
function boxOf(mask: Rle): [number, number, number, number] {
  const [x, y, width, height] = rleToBbox(mask);
  return [x, y, x + width, y + height];
}

/** COCO's masks go column by column. */
function rowMajor(columns: Uint8Array, height: number, width: number): Uint8Array {
  return Uint8Array.from(columns, (_, i) => columns[(i % width) * height + Math.floor(i / width)]);
}
