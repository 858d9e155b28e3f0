import { f32, type Param } from '../../gpu/kernel';
import { required, ShapeError } from '../op';
import type { TensorSpec } from '../tensor';
import { GEOMETRY_WORDS } from './geometry';

/** How values from 0 to 1 become a model's: (value - mean) / std, one of each for red, green and blue. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** As params mean0, mean1, … */
export function channelParams(values: Readonly<Record<string, readonly number[]>>): Record<string, Param> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, channels]) => channels.map((value, i) => [`${name}${i}`, f32(value)])),
  );
}

/** @throws ShapeError unless there are three of each */
export function checkNormalisation(op: string, { mean, std }: Normalisation): void {
  if (mean.length !== 3 || std.length !== 3) {
    throw new ShapeError(`${op}: ${mean.length} means and ${std.length} deviations for 3 channels`);
  }
}

/** @throws ShapeError unless the input at `index` is u32 [GEOMETRY_WORDS] */
export function checkGeometry(op: string, inputs: readonly (TensorSpec | null)[], index: number): void {
  checkWords(op, inputs, index, 'the geometry', [GEOMETRY_WORDS]);
}

/** @throws ShapeError unless the input at `index` is u32 of that shape */
export function checkWords(
  op: string,
  inputs: readonly (TensorSpec | null)[],
  index: number,
  what: string,
  wanted: readonly number[],
): void {
  const { dtype, shape } = required(inputs, index, op);
  if (dtype !== 'u32' || shape.join() !== wanted.join()) {
    throw new ShapeError(`${op}: ${what} is ${dtype} [${shape.join(', ')}], u32 [${wanted.join(', ')}] is needed`);
  }
}

/** A map of one image with three channels. @throws ShapeError for another */
export function imageMap(op: string, inputs: readonly (TensorSpec | null)[]): TensorSpec {
  const map = required(inputs, 0, op);
  if (map.layout !== 'channels4' || map.shape.length !== 4 || map.shape[0] !== 1 || map.shape[3] !== 3) {
    throw new ShapeError(`${op}: the image is [${map.shape.join(', ')}], a map [1, height, width, 3] is needed`);
  }
  return map;
}
