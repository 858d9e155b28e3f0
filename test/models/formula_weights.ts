import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Detection } from '../../src/eval/match_detections';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector, type RgbPixels } from '../../src/models/detector';
import { formula } from '../helpers/formula';

/** What the scripts in test/reference/models write about one model. */
export interface ModelFixture {
  /** Factors of the formula by the start or the end of a name. */
  readonly scales: Readonly<Record<string, number>>;
  /** Parameters that are given, not made by the formula. */
  readonly biases: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly ModelCase[];
}

export interface ModelCase {
  readonly image: PatternImage;
  /** Values of intermediate tensors, at the places of `samplePlaces`. */
  readonly samples?: Readonly<Record<string, readonly number[]>>;
  readonly detections: readonly Detection[];
}

export interface PatternImage {
  readonly height: number;
  readonly width: number;
  readonly seed: number;
}

/** Reads test/reference/models/NAME.json. */
export function modelFixture<T = ModelFixture>(name: string): T {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL(`../reference/models/${name}.json`, import.meta.url)), 'utf8'),
  ) as T;
}

/** Weights by the rule of test/reference/models/formula_weights.py, bit for bit. */
export function formulaWeights(
  config: MaskRcnnConfig,
  { scales, biases }: Pick<ModelFixture, 'scales' | 'biases'>,
): Map<string, Float32Array> {
  const shapes = Detector.expectedParameters(config);
  const names = [...shapes.keys()].sort();
  return new Map(
    names.map((name, index) => {
      const shape = shapes.get(name) ?? [];
      if (name in biases) {
        return [name, Float32Array.from(biases[name])];
      }
      const values = formula(
        shape.reduce((a, b) => a * b, 1),
        index,
      );
      const [base, scale] = rule(name, shape, scales).map(Math.fround);
      for (let i = 0; i < values.length; i++) {
        values[i] = base + Math.fround(scale * values[i]);
      }
      return [name, values];
    }),
  );
}

function rule(name: string, shape: readonly number[], scales: ModelFixture['scales']): [number, number] {
  const factor = Object.entries(scales).find(([part]) => name.startsWith(part) || name.endsWith(part))?.[1] ?? 1;
  if (name.endsWith('running_var')) {
    return [1, 0.25 * factor];
  }
  if (name.endsWith('running_mean') || name.endsWith('.bias')) {
    return [0, 0.125 * factor];
  }
  if (shape.length === 1) {
    return [factor, 0.25 * factor];
  }
  return [0, factor * Math.sqrt(6 / shape.slice(1).reduce((a, b) => a * b, 1))];
}

/** A smooth image of integer arithmetic alone: that of pattern() in test/reference/models/formula_weights.py. */
export function pattern({ height, width, seed }: PatternImage): RgbPixels {
  const data = new Uint8Array(height * width * 3);
  const modulo = (a: number, b: number): number => ((a % b) + b) % b;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, at++) {
        let total = 0;
        for (let k = 0; k < 4; k++) {
          const a = ((seed * 7 + c * 5 + k * 3) % 11) + 1;
          const b = ((seed * 5 + c * 3 + k * 7) % 13) + 1;
          const phase = Math.floor(((a * x + (b - 6) * y) * (k + 1)) / 3) + 64 * c;
          total += Math.abs(modulo(phase, 512) - 256);
        }
        data[at] = Math.floor((Math.floor(total / 4) * 255) / 256);
      }
    }
  }
  return { width, height, data };
}
