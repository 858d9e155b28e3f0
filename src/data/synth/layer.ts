import type { Patch } from './patch';
import { blur } from './patch';

/** Row-major picture of light, linear; 0 is black, 1 saturates the sensor. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Something flat that hides what is behind it. */
export interface Layer {
  /** How much of each pixel it hides, 0 to 1. */
  readonly alpha: Patch;
  /** The light that comes from it under a light of 1, times alpha; of the patch's size. */
  readonly light: Float32Array;
}

/** A layer out of focus: Gaussian, `deviation` in pixels. The patch needs a margin of `blurReach(deviation)`. */
export function defocus({ alpha, light }: Layer, deviation: number): Layer {
  const { width, height } = alpha;
  return {
    alpha: { ...alpha, data: blur(alpha.data, width, height, deviation) },
    light: blur(light, width, height, deviation),
  };
}

/** Lays a layer over a picture. `illumination` is the light at each pixel of the picture. */
export function compose(picture: Picture, illumination: Float32Array, { alpha, light }: Layer): void {
  const { left, top, width, height, data } = alpha;
  for (let row = Math.max(0, -top); row < Math.min(height, picture.height - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(width, picture.width - left); column++) {
      const from = row * width + column;
      const to = (top + row) * picture.width + left + column;
      picture.data[to] += light[from] * illumination[to] - data[from] * picture.data[to];
    }
  }
}
