import type { Rle } from '../rle';
import { rleToBbox } from '../rle';

/** Background pixels on each side of a crop: the farthest step that a measure takes out of a mask. */
export const CROP_PADDING = 2;

/** The part of a mask around its foreground, with `CROP_PADDING` pixels of background on each side. */
export interface Crop {
  /** Of the crop's first pixel in the image, in pixels; up to `CROP_PADDING` below 0. */
  readonly left: number;
  readonly top: number;
  /** With the padding. */
  readonly width: number;
  readonly height: number;
  /** Row-major, `width * height` values of 0 and 1. What lies outside the image is 0. */
  readonly data: Uint8Array;
}

/** Decodes the part of a mask around its foreground; null for an empty mask. */
export function cropOf(rle: Rle): Crop | null {
  const [x, y, boxWidth, boxHeight] = rleToBbox(rle);
  if (boxWidth === 0) {
    return null;
  }
  const [left, top] = [x - CROP_PADDING, y - CROP_PADDING];
  const width = boxWidth + 2 * CROP_PADDING;
  const height = boxHeight + 2 * CROP_PADDING;
  const data = new Uint8Array(width * height);
  let position = 0;
  rle.counts.forEach((run, i) => {
    if (i % 2 === 1) {
      let column = Math.floor(position / rle.height);
      let row = position - column * rle.height;
      for (let k = 0; k < run; k++) {
        data[(row - top) * width + column - left] = 1;
        row++;
        if (row === rle.height) {
          row = 0;
          column++;
        }
      }
    }
    position += run;
  });
  return { left, top, width, height, data };
}
