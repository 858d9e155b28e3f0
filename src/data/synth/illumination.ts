import { bell, cosTurns, exp, sinTurns } from './exact_math';
import type { Picture } from './layer';
import type { RandomStream } from './random';
import { noise2d } from './value_noise';

/** The light at each pixel, about 1: a lamp off the centre, falling off towards the corners, slowly varying. */
export function uneven(random: RandomStream, width: number, height: number): Float32Array {
  const longSide = Math.max(width, height);
  const cx = width * random.uniform(0.3, 0.7);
  const cy = height * random.uniform(0.3, 0.7);
  const spread = random.uniform(0.55, 1) * longSide;
  const lamp = random.uniform(0.45, 0.9);
  const angle = random.uniform();
  const slope = random.uniform(0, 0.35) / longSide;
  const [sx, sy] = [cosTurns(angle) * slope, sinTurns(angle) * slope];
  const vignette = random.uniform(0.2, 0.6);
  const slow = noise2d(random, width, height, longSide / 4);
  const light = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - width / 2, y - height / 2];
      const far = (4 * (dx * dx + dy * dy)) / (width * width + height * height);
      const fromLamp = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (spread * spread);
      const level = 1.15 - lamp + lamp * exp(-1.6 * fromLamp) + sx * dx + sy * dy + 0.1 * slow[y * width + x];
      light[y * width + x] = Math.max(0.15, level * (1 - vignette * far));
    }
  }
  return light;
}

/** The fluid: dark, with clouds of slightly more scattered light. */
export function fluid(random: RandomStream, illumination: Float32Array, width: number, height: number): FluidPicture {
  const level = random.uniform(0.02, 0.085);
  const clouds = noise2d(random, width, height, Math.max(width, height) / 7);
  const wisps = noise2d(random, width, height, Math.max(width, height) / 22);
  const [cloudDepth, wispDepth] = [random.uniform(0.1, 0.4), random.uniform(0, 0.15)];
  const data = illumination.map((light, i) => level * light * (1 + cloudDepth * clouds[i] + wispDepth * wisps[i]));
  return { level, picture: { width, height, data } };
}

export interface FluidPicture {
  /** Its light under an illumination of 1. */
  readonly level: number;
  readonly picture: Picture;
}

/** Faint specks far out of focus, and dust too small to be a particle: nothing that anyone would annotate. */
export function addSpecks(random: RandomStream, { width, height, data }: Picture, illumination: Float32Array): void {
  const count = Math.round(((width * height) / 5000) * random.uniform(0.3, 1.5));
  for (let k = 0; k < count; k++) {
    const dust = random.chance(0.35);
    const [x, y] = [random.uniform(0, width), random.uniform(0, height)];
    const deviation = dust ? random.uniform(0.5, 0.8) : random.logNormal(3, 0.5, 1.2, 9);
    const peak = dust ? random.uniform(0.01, 0.07) : random.uniform(0.004, 0.022);
    const reach = 3 * deviation;
    for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(height, y + reach); row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(width, x + reach); column++) {
        const [dx, dy] = [(column + 0.5 - x) / deviation, (row + 0.5 - y) / deviation];
        const i = row * width + column;
        data[i] += peak * illumination[i] * bell(Math.sqrt(dx * dx + dy * dy));
      }
    }
  }
}
