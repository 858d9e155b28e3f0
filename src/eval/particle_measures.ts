import type { ShapeMeasures } from './shape/measures';

/** Length units of a set of particles: micrometres where the scale is known, else pixels. */
export interface Scale {
  readonly unit: 'um' | 'px';
  /** Units of length per pixel. */
  readonly perPixel: number;
}

/** @param umPerPx micrometres per pixel; without it all is in pixels */
export function scaleOf(umPerPx?: number): Scale {
  return umPerPx === undefined ? { unit: 'px', perPixel: 1 } : { unit: 'um', perPixel: umPerPx };
}

type NumericMeasure = {
  [K in keyof ShapeMeasures]: ShapeMeasures[K] extends number ? K : never;
}[keyof ShapeMeasures];

/** A column of the particles' table. */
export interface ParticleMeasure {
  readonly key: NumericMeasure;
  /** As files have it, e.g. "feret_max". */
  readonly name: string;
  /** As people read it, e.g. "maximum Feret diameter". */
  readonly title: string;
  readonly dimension: 'length' | 'area' | 'angle' | 'position' | 'ratio' | 'count';
  /** Whether distributions are made of it; directions, positions and counts have none. */
  readonly summarised: boolean;
}

function measure(
  key: NumericMeasure,
  title: string,
  dimension: ParticleMeasure['dimension'],
  summarised = dimension === 'length' || dimension === 'area' || dimension === 'ratio',
): ParticleMeasure {
  return { key, name: key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), title, dimension, summarised };
}

/** In the order of columns. What each one is: see `ShapeMeasures`. */
export const PARTICLE_MEASURES: readonly ParticleMeasure[] = [
  measure('area', 'area', 'area'),
  measure('equivalentDiameter', 'equivalent circle diameter', 'length'),
  measure('perimeter', 'perimeter', 'length'),
  measure('feretMax', 'maximum Feret diameter', 'length'),
  measure('feretMin', 'minimum Feret diameter', 'length'),
  measure('feretMaxAngle', 'angle of the maximum Feret diameter', 'angle'),
  measure('feretMinAngle', 'angle of the minimum Feret diameter', 'angle'),
  measure('majorAxis', 'major axis of the fitted ellipse', 'length'),
  measure('minorAxis', 'minor axis of the fitted ellipse', 'length'),
  measure('orientation', 'orientation of the fitted ellipse', 'angle'),
  measure('aspectRatio', 'aspect ratio', 'ratio'),
  measure('eccentricity', 'eccentricity', 'ratio'),
  measure('circularity', 'circularity', 'ratio'),
  measure('roundness', 'roundness', 'ratio'),
  measure('solidity', 'solidity', 'ratio'),
  measure('convexity', 'convexity', 'ratio'),
  measure('centroidX', 'centroid, x', 'position'),
  measure('centroidY', 'centroid, y', 'position'),
  measure('boxX', 'box, left', 'position'),
  measure('boxY', 'box, top', 'position'),
  measure('boxWidth', 'box, width', 'position'),
  measure('boxHeight', 'box, height', 'position'),
  measure('parts', 'parts', 'count'),
  measure('holes', 'holes', 'count'),
];

/** The measures that distributions are made of. */
export const SUMMARISED_MEASURES = PARTICLE_MEASURES.filter(({ summarised }) => summarised);

/** A measure's value in the scale's units; positions stay in pixels of the image, which they point into. */
export function measureValue(shape: ShapeMeasures, { key, dimension }: ParticleMeasure, { perPixel }: Scale): number {
  const power = dimension === 'area' ? 2 : dimension === 'length' ? 1 : 0;
  return shape[key] * perPixel ** power;
}

/** "um", "um^2", "px", "deg", …; "" for a number without a unit. */
export function unitOf({ dimension }: ParticleMeasure, { unit }: Scale): string {
  const units = { length: unit, area: `${unit}^2`, angle: 'deg', position: 'px', ratio: '', count: '' };
  return units[dimension];
}
