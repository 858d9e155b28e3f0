import { z } from 'zod';
import type { CamelKeys } from './camel';
import { flag, fraction, integer, list, number, section } from './fields';

/* The section `augment`: how images are changed for training, each change with its probability for an image. */

const side = integer(1, 16384);
const range = (min: number, max: number): z.ZodType<[number, number], [number, number]> => {
  const expected = `a list of two numbers from ${min} to ${max}, the smaller first`;
  const item = number(expected, min, max);
  return z.tuple([item, item], { error: expected }).refine(([low, high]) => low <= high, { error: expected });
};
const probability = fraction.default(0);

const resize = section({
  /** Shorter sides to draw from; null for image.min_size. */
  min_sizes: list(side, 'a list of sides in pixels', 1, 64).nullable().default(null),
  /** Of the longer side; null for image.max_size. */
  max_size: side.nullable().default(null),
  /** Height and width, whatever the image's own. */
  size: z.tuple([side, side], { error: 'a list of height and width in pixels' }).nullable().default(null),
  /** No resizing at all. */
  native: flag(false),
}).refine(({ min_sizes, max_size, size, native }) => {
  return Number(min_sizes !== null || max_size !== null) + Number(size !== null) + Number(native) <= 1;
}, 'only one of these: sides to resize to (min_sizes, max_size), one size, native: true');

const chance = section({ probability });
const degrees = (most: number): ReturnType<typeof range> => range(-most, most);

/** Shape of the section, for `configSchema`. */
export const augmentSchema = section({
  resize: resize.prefault({}),
  flip_horizontal: chance.prefault({}),
  flip_vertical: chance.prefault({}),
  /** Clockwise, about the middle. */
  rotate: section({ probability, degrees: degrees(180).default([-180, 180]) }).prefault({}),
  /** Along x and along y, drawn apart. */
  shear: section({ probability, degrees: degrees(60).default([-10, 10]) }).prefault({}),
  /** Up to this share of width and height, to either side. */
  translate: section({ probability, share: number('a number from 0 to 0.9', 0, 0.9).default(0.1) }).prefault({}),
  /** A window with sides of this share of the image's, drawn apart. */
  crop: section({ probability, share: range(0.01, 1).default([0.5, 1]) }).prefault({}),
  /** A window whose IoU with every object is at least a value drawn from `ious`, 0 and 1 (no crop). */
  min_iou_crop: section({
    probability,
    ious: list(fraction, 'a list of numbers from 0 to 1', 1, 16).default([0.1, 0.3, 0.5, 0.7, 0.9]),
    min_share: number('a number from 0.01 to 1', 0.01, 1).default(0.3),
  }).prefault({}),
  brightness: section({ probability, factor: range(0, 10).default([0.8, 1.2]) }).prefault({}),
  contrast: section({ probability, factor: range(0, 10).default([0.8, 1.2]) }).prefault({}),
  autocontrast: chance.prefault({}),
  equalize: chance.prefault({}),
  /** Deviation of the Gaussian in pixels of the resized image. */
  blur: section({ probability, sigma: range(0.1, 10).default([0.1, 2]) }).prefault({}),
  /** Deviation of the Gaussian noise, of values from 0 to 1. */
  noise: section({ probability, deviation: range(0, 1).default([0, 0.05]) }).prefault({}),
  /** What comes from outside the image: its nearest edge, the model's mean colour, or red, green and blue. */
  fill: z
    .union([z.enum(['edge', 'mean']), z.tuple([integer(0, 255), integer(0, 255), integer(0, 255)])], {
      error: 'edge, mean, or a list of red, green and blue from 0 to 255',
    })
    .default('mean'),
  /** Objects with fewer pixels left in the result are left out. */
  min_pixels: integer(1, 1_000_000).default(1),
});

/** How images are changed for training. */
export type AugmentSettings = CamelKeys<z.output<typeof augmentSchema>>;
