import { RandomStream } from '../../data/synth/random';

/** What the random numbers of one sample depend on. */
export interface DrawKey {
  readonly seed: number;
  readonly step: number;
  /** Place in the step's batch. */
  readonly index: number;
}

/** Each change draws numbers of its own, so that turning one on leaves the others as they were. */
const PURPOSES = {
  resize: 0,
  flipHorizontal: 1,
  flipVertical: 2,
  rotate: 3,
  shear: 4,
  translate: 5,
  crop: 6,
  minIouCrop: 7,
  brightness: 8,
  contrast: 9,
  autocontrast: 10,
  equalize: 11,
  blur: 12,
  noise: 13,
};

/** Keeps these streams apart from others of the same seed. */
const FIRST_PURPOSE = 0x41554700;

/** The random numbers of each change. */
export type Draws = (purpose: keyof typeof PURPOSES) => RandomStream;

export function draws({ seed, step, index }: DrawKey): Draws {
  return (purpose) => new RandomStream({ seed, scene: step, item: index }, FIRST_PURPOSE + PURPOSES[purpose]);
}
