import type { DatasetImage, Prediction } from './dataset';
import type { Scale } from './particle_measures';
import { measureValue, SUMMARISED_MEASURES } from './particle_measures';
import type { Rle } from './rle';
import type { ShapeMeasures } from './shape/measures';
import { measureShape } from './shape/measures';
import type { TwoSampleTest } from './statistics';
import { compareSamples, mean, median, momentMean, quantiles, standardDeviation } from './statistics';

/** One measured object. */
export interface Particle {
  readonly imageId: number;
  /** 1, 2, 3, … within its image, in the order of the file, counted before anything is left out. */
  readonly number: number;
  readonly categoryId: number;
  readonly score: number;
  readonly mask: Rle;
  /** In pixels. */
  readonly shape: ShapeMeasures;
}

export interface ParticleChoice {
  /** Particles below this score are left out. */
  readonly scoreThreshold?: number;
  /** Whether particles that touch the image's border are left out: they may be cut. */
  readonly excludeBorder?: boolean;
}

export interface MeasuredParticles {
  /** By image, images in the order of `images`, within one in the order of the file. */
  readonly particles: readonly Particle[];
  /** Indices of the predictions that are no particles of this set, by the reason. */
  readonly left: LeftOut;
}

export interface LeftOut {
  /** Boxes alone, without a mask. */
  readonly withoutMask: readonly number[];
  /** Masks without a pixel. */
  readonly empty: readonly number[];
  /** Regions of many objects, as annotation files may have. */
  readonly crowds: readonly number[];
  readonly belowScore: readonly number[];
  readonly atBorder: readonly number[];
}

/**
 * Measures the masks of predictions.
 * @param images gives the order; predictions of other images follow, by their first one
 */
export function measureParticles(
  predictions: readonly Prediction[],
  images: readonly Pick<DatasetImage, 'id'>[],
  { scoreThreshold = -Infinity, excludeBorder = false }: ParticleChoice = {},
): MeasuredParticles {
  const byImage = new Map<number, Particle[]>(images.map(({ id }) => [id, []]));
  const counts = new Map<number, number>();
  const left = { withoutMask: [], empty: [], crowds: [], belowScore: [], atBorder: [] } as Record<
    keyof LeftOut,
    number[]
  >;
  predictions.forEach(({ imageId, categoryId, score, mask, isCrowd }, index) => {
    const number = (counts.get(imageId) ?? 0) + 1;
    counts.set(imageId, number);
    const list = byImage.get(imageId) ?? [];
    byImage.set(imageId, list);
    if (isCrowd === true || score < scoreThreshold) {
      left[isCrowd === true ? 'crowds' : 'belowScore'].push(index);
      return;
    }
    const shape = mask === undefined ? null : measureShape(mask);
    if (mask === undefined) {
      left.withoutMask.push(index);
    } else if (shape === null) {
      left.empty.push(index);
    } else if (excludeBorder && shape.touchesBorder) {
      left.atBorder.push(index);
    } else {
      list.push({ imageId, number, categoryId, score, mask, shape });
    }
  });
  return { particles: [...byImage.values()].flat(), left };
}

/** Sizes below which a tenth, half and nine tenths of the particles lie; null without particles. */
export interface Percentiles {
  readonly d10: number | null;
  readonly d50: number | null;
  readonly d90: number | null;
}

export interface Distribution {
  readonly mean: number | null;
  /** Divisor n - 1; null below two particles. */
  readonly standardDeviation: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Each particle counts once, by `quantiles`: d50 is the median. */
  readonly byNumber: Percentiles;
  /** Each particle counts with the volume of the sphere of its equivalent diameter. */
  readonly byVolume: Percentiles;
}

export interface ParticleSummary {
  readonly count: number;
  /**
   * Sauter's mean diameter D[3, 2] and the volume-weighted mean diameter D[4, 3] of the spheres of the equivalent
   * diameters (moment notation of ISO 9276-2).
   */
  readonly meanD32: number | null;
  readonly meanD43: number | null;
  /** By `SUMMARISED_MEASURES`, in the scale's units. */
  readonly measures: readonly Distribution[];
}

export function summariseParticles(particles: readonly Particle[], scale: Scale): ParticleSummary {
  const diameters = particles.map(({ shape }) => shape.equivalentDiameter * scale.perPixel);
  const volumes = diameters.map((diameter) => diameter ** 3);
  return {
    count: particles.length,
    meanD32: momentMean(diameters, 3, 2),
    meanD43: momentMean(diameters, 4, 3),
    measures: SUMMARISED_MEASURES.map((measure) => {
      const values = particles.map(({ shape }) => measureValue(shape, measure, scale));
      return {
        mean: mean(values),
        standardDeviation: standardDeviation(values),
        min: values.length === 0 ? null : values.reduce((a, b) => Math.min(a, b)),
        max: values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b)),
        byNumber: percentiles(values),
        byVolume: percentiles(values, volumes),
      };
    }),
  };
}

function percentiles(values: readonly number[], weights?: readonly number[]): Percentiles {
  const found = quantiles(values, [0.1, 0.5, 0.9], weights);
  return { d10: found?.[0] ?? null, d50: found?.[1] ?? null, d90: found?.[2] ?? null };
}

/** Two sets of particles by one measure; the difference and the ratio are those of the second set to the first. */
export interface MeasureComparison {
  readonly means: Change;
  readonly medians: Change;
  /** Null where a set is empty. */
  readonly test: TwoSampleTest | null;
}

export interface Change {
  readonly first: number | null;
  readonly second: number | null;
  readonly difference: number | null;
  /** Null also where the first is 0. */
  readonly ratio: number | null;
}

/** By `SUMMARISED_MEASURES`, in the scale's units. */
export function compareParticles(
  first: readonly Particle[],
  second: readonly Particle[],
  scale: Scale,
): MeasureComparison[] {
  return SUMMARISED_MEASURES.map((measure) => {
    const [a, b] = [first, second].map((particles) =>
      particles.map(({ shape }) => measureValue(shape, measure, scale)),
    );
    return { means: change(mean(a), mean(b)), medians: change(median(a), median(b)), test: compareSamples(a, b) };
  });
}

function change(first: number | null, second: number | null): Change {
  const known = first !== null && second !== null;
  return {
    first,
    second,
    difference: known ? second - first : null,
    ratio: known && first !== 0 ? second / first : null,
  };
}
