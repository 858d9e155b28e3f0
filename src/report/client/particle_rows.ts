import type { SetData } from '../particles_data';

/** One particle: a row of the table. */
export interface Row {
  readonly set: number;
  /** Index within the set. */
  readonly index: number;
}

export function rowsOf(sets: readonly SetData[]): Row[][] {
  return sets.map((data, set) => data.image.map((_, index) => ({ set, index })));
}

/** Four digits, without an exponent. */
export function shortNumber(value: number): string {
  return Math.abs(value) >= 1e4 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

export function withUnit(title: string, unit: string): string {
  return unit === '' ? title : `${title} (${unit})`;
}
