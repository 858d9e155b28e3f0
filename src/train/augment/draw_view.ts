import type { AugmentSettings } from '../../config/augment_schema';
import type { DecodedSample } from '../../data/training/sample';
import type { Affine } from '../../kernels/augment/geometry';
import { drawCrop, drawMinIouCrop, type Window } from './draw_window';
import type { Draws } from './draws';
import { compose, IDENTITY, invert, shift } from './placement';

/** The part of a flipped image that is seen, and how it is moved there. */
export interface View {
  readonly window: Window;
  /** From a point of the moved window to the point of the window that it shows, in pixels. */
  readonly motion: Affine;
  /** Objects whose box has its middle outside of the view are left out. */
  readonly middleMustBeSeen: boolean;
}

/** The objects' boxes in the flipped image, [n, 4]. */
export function flippedBoxes(
  { boxes, height, width }: DecodedSample,
  flips: { readonly x: boolean; readonly y: boolean },
): Float32Array<ArrayBuffer> {
  return boxes.map((value, i) => {
    const isX = i % 2 === 0;
    if (!(isX ? flips.x : flips.y)) {
      return value;
    }
    const opposite = boxes[i % 4 < 2 ? i + 2 : i - 2];
    return (isX ? width : height) - opposite;
  });
}

/** Null where the whole image is seen and nothing moves. */
export function drawView(
  sample: DecodedSample,
  flips: { readonly x: boolean; readonly y: boolean },
  settings: AugmentSettings,
  drawn: Draws,
): View | null {
  const minIou = drawn('minIouCrop');
  const crop = drawn('crop');
  const whole: Window = { x: 0, y: 0, height: sample.height, width: sample.width };
  const boxes = flippedBoxes(sample, flips);
  const objects = Array.from(sample.crowd.keys())
    .filter((i) => sample.crowd[i] === 0)
    .map((i) => [boxes[i * 4], boxes[i * 4 + 1], boxes[i * 4 + 2], boxes[i * 4 + 3]] as const);
  const minIouWindow = minIou.chance(settings.minIouCrop.probability)
    ? drawMinIouCrop(whole, objects, settings.minIouCrop, minIou)
    : null;
  const window =
    minIouWindow ?? (crop.chance(settings.crop.probability) ? drawCrop(whole, objects, settings.crop, crop) : null);
  const motion = drawMotion(window ?? whole, settings, drawn);
  if (window === null && motion === null) {
    return null;
  }
  return { window: window ?? whole, motion: motion ?? IDENTITY, middleMustBeSeen: minIouWindow !== null };
}

function drawMotion({ height, width }: Window, settings: AugmentSettings, drawn: Draws): Affine | null {
  const [rotate, shear, translate] = [drawn('rotate'), drawn('shear'), drawn('translate')];
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const moves: Affine[] = [];
  if (shear.chance(settings.shear.probability)) {
    const [x, y] = [0, 0].map(() => Math.tan(radians(shear.uniform(...settings.shear.degrees))));
    moves.push([1, x, 0, 0, 1, 0], [1, 0, 0, y, 1, 0]);
  }
  if (rotate.chance(settings.rotate.probability)) {
    const angle = radians(rotate.uniform(...settings.rotate.degrees));
    moves.push([Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0]);
  }
  if (translate.chance(settings.translate.probability)) {
    const { share } = settings.translate;
    moves.push(shift(width * translate.uniform(-share, share), height * translate.uniform(-share, share)));
  }
  if (moves.length === 0) {
    return null;
  }
  const aboutMiddle = moves.reduce((before, move) => compose(move, before), shift(-width / 2, -height / 2));
  return invert(compose(shift(width / 2, height / 2), aboutMiddle));
}
