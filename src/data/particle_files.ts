import Papa from 'papaparse';
import type { ParticleMeasure, Scale } from '../eval/particle_measures';
import { measureValue, PARTICLE_MEASURES, SUMMARISED_MEASURES, unitOf } from '../eval/particle_measures';
import type { LeftOut, MeasureComparison, ParticleSummary } from '../eval/particles';
import { summariseParticles } from '../eval/particles';
import { imageName, type ParticleSet } from './particle_set';

/** A set with the name that it has in the outputs, e.g. "before". */
export interface NamedSet extends ParticleSet {
  readonly name: string;
}

/** Digits of the numbers in files: more than any measure of pixels holds, and no rounding noise. */
const DIGITS = 7;

export function classNames(set: Pick<ParticleSet, 'categories'>): (categoryId: number) => string {
  const names = new Map(set.categories.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? String(id);
}

/** A column's name with its unit: "area (um^2)", "solidity". */
export function headerOf(measure: ParticleMeasure, scale: Scale): string {
  const unit = unitOf(measure, scale);
  return unit === '' ? measure.name : `${measure.name} (${unit})`;
}

/**
 * particles.csv: one row for each particle, names quoted where needed, no value missing but the confidence of
 * annotations. With two sets the first column names the set. Begins with a byte-order mark where a name is not ASCII:
 * Excel needs it then, and pandas takes it away.
 */
export function particlesCsv(sets: readonly NamedSet[], scale: Scale): string {
  const several = sets.length > 1;
  const fields = [
    ...(several ? ['set'] : []),
    ...['image', 'image_id', 'particle', 'class', 'confidence'],
    ...PARTICLE_MEASURES.map((measure) => headerOf(measure, scale)),
    'touches_border',
  ];
  const data = sets.flatMap((set) => {
    const images = new Map(set.images.map((image) => [image.id, imageName(image)]));
    const className = classNames(set);
    return set.particles.map(({ imageId, number, categoryId, score, shape }) => [
      ...(several ? [set.name] : []),
      ...[images.get(imageId), imageId, number, className(categoryId), set.hasScores ? rounded(score) : ''],
      ...PARTICLE_MEASURES.map((measure) => rounded(measureValue(shape, measure, scale))),
      shape.touchesBorder ? 1 : 0,
    ]);
  });
  const text = `${Papa.unparse({ fields, data }, { newline: '\n' })}\n`;
  return /[^\x00-\x7f]/.test(text) ? `\ufeff${text}` : text;
}

/** summary.json: statistics of each set in all and by image, and with two sets their comparison. */
export function summaryJson(
  sets: readonly NamedSet[],
  scale: Scale,
  comparison: readonly MeasureComparison[] | undefined,
): string {
  const content = {
    um_per_px: scale.unit === 'um' ? scale.perPixel : null,
    units: Object.fromEntries(SUMMARISED_MEASURES.map((measure) => [measure.name, unitOf(measure, scale)])),
    method: METHOD,
    sets: sets.map((set) => setSummary(set, scale)),
    comparison: comparison === undefined ? null : comparisonOf(comparison, sets),
  };
  return `${JSON.stringify(content, (_, value: unknown) => (typeof value === 'number' ? rounded(value) : value), 1)}\n`;
}

const METHOD = {
  perimeter: 'Crofton formula, 8 directions',
  feret: 'rotating calipers over the convex hull of the contour at 0.5',
  ellipse: 'same second central moments, pixels as squares of side 1',
  d10_d50_d90:
    'by_number: quantiles (Hazen); by_volume: the same with the volumes of the spheres of the equivalent diameters as weights',
  d32_d43: 'moment means of the equivalent diameters (ISO 9276-2)',
  standard_deviation: 'divisor n - 1',
  comparison: 'second set against the first: Kolmogorov-Smirnov (two-sided, asymptotic p-value) and the delta of Cliff',
};

/** Why objects are left out: by the name in summary.json, and in words. */
const LEFT_OUT: readonly { readonly reason: keyof LeftOut; readonly field: string; readonly words: string }[] = [
  { reason: 'belowScore', field: 'below_score_threshold', words: 'below the score threshold' },
  { reason: 'atBorder', field: 'at_border', words: 'at the border' },
  { reason: 'crowds', field: 'crowd', words: 'marked as crowd' },
  { reason: 'empty', field: 'empty', words: 'without a pixel' },
  { reason: 'withoutMask', field: 'without_mask', words: 'without a mask' },
];

/** How many objects are left out for which reasons, where there are any. */
export function leftOutReasons(left: LeftOut): (readonly [count: number, words: string])[] {
  return LEFT_OUT.map(({ reason, words }) => [left[reason].length, words] as const).filter(([count]) => count > 0);
}

function setSummary(set: NamedSet, scale: Scale): object {
  const byImage = new Map<number, NamedSet['particles'][number][]>(set.images.map(({ id }) => [id, []]));
  for (const particle of set.particles) {
    byImage.get(particle.imageId)?.push(particle);
  }
  return {
    name: set.name,
    file: set.path,
    left_out: Object.fromEntries(LEFT_OUT.map(({ reason, field }) => [field, set.left[reason].length])),
    all: summaryOf(summariseParticles(set.particles, scale)),
    images: set.images.map((image) => ({
      image_id: image.id,
      file_name: image.fileName,
      ...summaryOf(summariseParticles(byImage.get(image.id) ?? [], scale)),
    })),
  };
}

function summaryOf({ count, meanD32, meanD43, measures }: ParticleSummary): object {
  return {
    count,
    d32: meanD32,
    d43: meanD43,
    measures: Object.fromEntries(
      measures.map(({ mean, standardDeviation, min, max, byNumber, byVolume }, i) => [
        SUMMARISED_MEASURES[i].name,
        {
          mean,
          standard_deviation: standardDeviation,
          min,
          max,
          by_number: byNumber,
          by_volume: byVolume,
        },
      ]),
    ),
  };
}

function comparisonOf(comparison: readonly MeasureComparison[], [first, second]: readonly NamedSet[]): object {
  return {
    first: first.name,
    second: second.name,
    measures: Object.fromEntries(
      comparison.map(({ means, medians, test }, i) => [
        SUMMARISED_MEASURES[i].name,
        {
          mean: means,
          median: medians,
          ks_distance: test?.ksDistance ?? null,
          ks_p_value: test?.ksPValue ?? null,
          cliffs_delta: test?.cliffsDelta ?? null,
        },
      ]),
    ),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
