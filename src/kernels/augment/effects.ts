/** Blur and noise of the image as the model has it. */
export interface Effects {
  /** Deviation of the Gaussian in pixels, up to MAX_SIGMA; 0 for no blur. */
  readonly sigma: number;
  /** Deviation of the noise, of values from 0 to 1; 0 for none. */
  readonly deviation: number;
  /** Words below 2^32 that the noise depends on: the training's seed, its step, and the image's place in the batch. */
  readonly seed: number;
  readonly step: number;
  readonly index: number;
}

export const MAX_SIGMA = 10;
const MAX_RADIUS = 3 * MAX_SIGMA;
/** Where the kernel's weights begin, from the middle outwards. */
const WEIGHTS = 5;
export const EFFECT_WORDS = WEIGHTS + MAX_RADIUS + 1;

/**
 * The form in which `blurImage` and `addNoise` take them: u32 [EFFECT_WORDS]. The Gaussian is cut off at three deviations and
 * sums to 1, as torchvision's gaussian_blur makes it.
 */
export function packEffects({ sigma, deviation, seed, step, index }: Effects): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(EFFECT_WORDS);
  const floats = new Float32Array(words.buffer);
  const radius = Math.min(MAX_RADIUS, Math.ceil(3 * sigma));
  const weights = Array.from({ length: radius + 1 }, (_, i) => (i === 0 ? 1 : Math.exp(-0.5 * (i / sigma) ** 2)));
  const sum = weights.reduce((total, weight, i) => total + (i === 0 ? weight : 2 * weight), 0);
  words.set([radius, 0, seed, step, index]);
  floats[1] = deviation;
  floats.set(
    weights.map((weight) => weight / sum),
    WEIGHTS,
  );
  return words;
}
