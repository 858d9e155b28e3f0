import type { AugmentSettings } from '../../config/augment_schema';
import type { DecodedSample } from '../../data/training/sample';
import type { RandomStream } from '../../data/synth/random';
import { packColourChange } from '../../kernels/augment/colour_settings';
import { packEffects } from '../../kernels/augment/effects';
import { packGeometry, plainGeometry, type Geometry } from '../../kernels/augment/geometry';
import type { MaskRcnnConfig } from '../../models/config';
import { modelImageSize } from '../../models/image_size';
import type { TrainingInputShape } from '../../models/training_inputs';
import { drawColours, drawEffects } from './draw_colours';
import { drawView, flippedBoxes } from './draw_view';
import { draws, type DrawKey } from './draws';
import { boxAfter, clipped, compose, invert, packRectangles, scaling, shift, type Box } from './placement';

/** A sample with all its changes decided; the GPU carries them out. */
export interface AugmentedSample {
  /** Of the result, in pixels, without padding. */
  readonly height: number;
  readonly width: number;
  /** Words that the result's masks need at most. */
  readonly words: number;
  /**
   * Values of the inputs that `trainingInputs` adds to a graph, by their names without the prefix.
   * @throws RangeError where the shape has not room for the sample
   */
  readonly values: (shape: TrainingInputShape) => Record<string, InputValues>;
}

export type InputValues = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/**
 * Decides how a sample is changed: a pure function of the sample, the settings and the key. Colours of the whole image come
 * first, then flips, a crop, rotation, shear and translation about the crop's middle, and the resize; blur and noise last.
 * Without any change configured, it is what torchvision's GeneralizedRCNNTransform does.
 *
 * @param key the training's seed, its step, and the place in the step's batch
 */
export function augmentSample(
  sample: DecodedSample,
  settings: AugmentSettings,
  image: MaskRcnnConfig['image'],
  key: DrawKey,
): AugmentedSample {
  const drawn = draws(key);
  const flips = {
    x: drawn('flipHorizontal').chance(settings.flipHorizontal.probability),
    y: drawn('flipVertical').chance(settings.flipVertical.probability),
  };
  const view = drawView(sample, flips, settings, drawn);
  const seen = view?.window ?? { x: 0, y: 0, height: sample.height, width: sample.width };
  const size = resultSize(seen, settings.resize, image, drawn('resize'));
  const plain = plainGeometry(sample, size, flips);
  let geometry: Geometry = { ...plain, minPixels: settings.minPixels };
  if (view !== null) {
    const toWindow = scaling(seen.width / size.width, seen.height / size.height);
    const matrix = compose(shift(seen.x, seen.y), compose(view.motion, toWindow));
    geometry = { ...geometry, matrix, plain: false, border: borderOf(settings.fill, image) };
  }
  const flipped = flippedBoxes(sample, flips);
  const toResult = invert(geometry.matrix);
  const middleMustBeSeen = view?.middleMustBeSeen ?? false;
  // null for objects that the crop leaves out
  const places = Array.from({ length: sample.objects }, (_, i): Box | null => {
    const place = boxAfter(toResult, boxAt(flipped, i));
    return middleMustBeSeen && !isMiddleInside(place, size) ? null : place;
  });
  const boxes = geometry.plain
    ? scaledBoxes(flipped, geometry)
    : Float32Array.from(places.flatMap((place) => (place === null ? [0, 0, 0, 0] : clipped(place, size))));
  const hasMask = (i: number): boolean => sample.placements[i * 5 + 3] > 0;
  const targets = packRectangles(
    places.map((place, i) => (hasMask(i) ? place : null)),
    size,
  );
  const colours = drawColours(settings, drawn);
  const effects = drawEffects(settings, drawn, key);
  return {
    height: size.height,
    width: size.width,
    words: Math.max(1, targets.words),
    values(shape) {
      const { objects } = shape;
      if (targets.words > shape.words) {
        throw new RangeError(`there is room for ${shape.words} words of masks, and there are ${targets.words}`);
      }
      return {
        pixels: padded('bytes of the image', sample.pixels, shape.pixelBytes),
        imageInfo: Uint32Array.of(sample.height, sample.width, size.height, size.width),
        geometry: packGeometry(geometry),
        count: Uint32Array.of(sample.objects),
        boxes: padded('objects', boxes, objects, 4),
        labels: padded('objects', sample.labels, objects),
        crowd: padded('objects', sample.crowd, objects),
        sources: padded('objects', sample.placements, objects, 5),
        targets: padded('objects', targets.placements, objects, 5),
        words: padded('words of masks', sample.words, shape.sourceWords),
        ...(shape.colours ? { colourChange: packColourChange(colours), effects: packEffects(effects) } : {}),
      };
    },
  };
}

function resultSize(
  seen: { readonly height: number; readonly width: number },
  { minSizes, maxSize, size, native }: AugmentSettings['resize'],
  image: MaskRcnnConfig['image'],
  random: RandomStream,
): { readonly height: number; readonly width: number } {
  if (native) {
    return { height: seen.height, width: seen.width };
  }
  if (size !== null) {
    return { height: size[0], width: size[1] };
  }
  const minSize = minSizes === null ? image.minSize : minSizes[random.whole(0, minSizes.length - 1)];
  const { height, width } = modelImageSize(seen.height, seen.width, {
    ...image,
    minSize,
    maxSize: maxSize ?? image.maxSize,
  });
  return { height, width };
}

function borderOf(fill: AugmentSettings['fill'], { mean }: MaskRcnnConfig['image']): Geometry['border'] {
  if (fill === 'mean') {
    const [red, green, blue] = mean.map((value) => Math.min(255, Math.max(0, Math.round(value * 255))));
    return [red, green, blue];
  }
  return fill;
}

/** Scaled as torchvision's resize_boxes does, in f32. */
function scaledBoxes(boxes: Float32Array<ArrayBuffer>, geometry: Geometry): Float32Array<ArrayBuffer> {
  const ratioX = Math.fround(geometry.width / geometry.sourceWidth);
  const ratioY = Math.fround(geometry.height / geometry.sourceHeight);
  return boxes.map((value, i) => value * (i % 2 === 0 ? ratioX : ratioY));
}

function boxAt(boxes: ArrayLike<number>, i: number): Box {
  return [boxes[i * 4], boxes[i * 4 + 1], boxes[i * 4 + 2], boxes[i * 4 + 3]];
}

function isMiddleInside([x1, y1, x2, y2]: Box, size: { readonly height: number; readonly width: number }): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return x > 0 && x < size.width && y > 0 && y < size.height;
}

/** @throws RangeError where the capacity, in items of `unit` values, is too small */
function padded<T extends InputValues>(what: string, values: T, capacity: number, unit = 1): T {
  if (values.length > capacity * unit) {
    throw new RangeError(`there is room for ${capacity} ${what}, and there are ${values.length / unit}`);
  }
  const room = new (values.constructor as new (length: number) => T)(capacity * unit);
  room.set(values);
  return room;
}
