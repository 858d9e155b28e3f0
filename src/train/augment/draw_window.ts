import type { AugmentSettings } from '../../config/augment_schema';
import type { RandomStream } from '../../data/synth/random';
import type { Box } from './placement';

/** A part of an image, in whole pixels. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly width: number;
}

const TRIES = 50;

/**
 * A window with sides of a drawn share of the image's, anywhere in it.
 * @returns null where no window was found that holds the middle of an object's box, though there are objects
 */
export function drawCrop(
  whole: Window,
  objects: readonly Box[],
  { share }: AugmentSettings['crop'],
  random: RandomStream,
): Window | null {
  for (let i = 0; i < TRIES; i++) {
    const height = Math.max(1, Math.round(whole.height * random.uniform(...share)));
    const width = Math.max(1, Math.round(whole.width * random.uniform(...share)));
    const x = random.whole(0, whole.width - width);
    const y = random.whole(0, whole.height - height);
    const window = { x, y, height, width };
    if (objects.length === 0 || objects.some((box) => holdsMiddle(window, box))) {
      return window;
    }
  }
  return null;
}

/**
 * MMDetection's MinIoURandomCrop (from "SSD: Single Shot MultiBox Detector", Liu et al., 2016, section 2.2): draws the least
 * IoU that the window must have with every object from 1 (no crop), `ious` and 0, then up to 50 windows of an aspect ratio
 * from 1/2 to 2; the first that has it, and that holds the middle of an object's box, is taken.
 *
 * @returns null for no crop
 */
export function drawMinIouCrop(
  whole: Window,
  objects: readonly Box[],
  { ious, minShare }: AugmentSettings['minIouCrop'],
  random: RandomStream,
): Window | null {
  const modes = [1, ...ious, 0];
  for (let round = 0; round < TRIES; round++) {
    const mode = modes[random.whole(0, modes.length - 1)];
    if (mode === 1) {
      return null;
    }
    for (let i = 0; i < TRIES; i++) {
      const width = random.uniform(minShare * whole.width, whole.width);
      const height = random.uniform(minShare * whole.height, whole.height);
      const left = random.uniform(0, whole.width - width);
      const top = random.uniform(0, whole.height - height);
      if (height / width < 0.5 || height / width > 2) {
        continue;
      }
      const [x, y] = [Math.floor(left), Math.floor(top)];
      const window = { x, y, height: Math.floor(top + height) - y, width: Math.floor(left + width) - x };
      const isFree = objects.length === 0 || objects.some((box) => holdsMiddle(window, box));
      if (window.height > 0 && window.width > 0 && isFree && objects.every((box) => iou(window, box) >= mode)) {
        return window;
      }
    }
  }
  return null;
}

function holdsMiddle({ x, y, height, width }: Window, [x1, y1, x2, y2]: Box): boolean {
  const [middleX, middleY] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return middleX > x && middleX < x + width && middleY > y && middleY < y + height;
}

function iou({ x, y, height, width }: Window, [x1, y1, x2, y2]: Box): number {
  const shared =
    Math.max(0, Math.min(x + width, x2) - Math.max(x, x1)) * Math.max(0, Math.min(y + height, y2) - Math.max(y, y1));
  return shared / (width * height + (x2 - x1) * (y2 - y1) - shared);
}
