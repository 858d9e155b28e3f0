import { readFileSync } from 'node:fs';

/** One mask and its measures by scikit-image, OpenCV and SciPy (test/reference/eval/shapes.py). Lengths in pixels. */
export interface MaskCase {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly counts: readonly number[];
  readonly expected: {
    readonly area: number;
    readonly crofton2: number;
    readonly crofton4: number;
    readonly feretMax: number;
    readonly regionFeretMax: number;
    readonly feretMin: number;
    readonly hullPerimeter: number;
    readonly cornerHullArea: number;
    readonly variances: readonly [number, number];
    readonly orientation: number;
    readonly regionSolidity: number;
    readonly centroid: readonly [number, number];
    readonly box: readonly [number, number, number, number];
    readonly euler: number;
    readonly parts: number;
    readonly holes: number;
  };
}

/** Two samples and what SciPy says of them. */
export interface SampleCase {
  readonly name: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly ksDistance: number;
  readonly ksPValue: number;
  readonly cliffsDelta: number;
  readonly meanA: number;
  readonly sdA: number | null;
  /** numpy's quantiles at 0.1, 0.5 and 0.9 by Hazen's rule. */
  readonly hazenA: readonly number[];
  /** The same of the absolute values with their cubes as weights. */
  readonly cubeWeightedA: readonly number[];
}

const path = new URL('../../reference/eval/shapes.json', import.meta.url);

export const reference = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly masks: readonly MaskCase[];
  readonly samples: readonly SampleCase[];
};
