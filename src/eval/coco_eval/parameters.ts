import { InputError } from '../../errors';

/** 0.50 to 0.95 in steps of 0.05, to the last bit as NumPy's `linspace` gives them: an IoU may lie exactly on one. */
export const IOU_THRESHOLDS: readonly number[] = linspace(0.5, 0.95, 10);

/** 0 to 1 in steps of 0.01, to the last bit as NumPy's `linspace` gives them. */
export const RECALL_THRESHOLDS: readonly number[] = linspace(0, 1, 101);

export type AreaName = 'all' | 'small' | 'medium' | 'large';

/** Ranges of object areas in square pixels, both ends included: an object of exactly 32 x 32 is small and medium. */
export const AREA_RANGES: readonly { readonly name: AreaName; readonly min: number; readonly max: number }[] = [
  { name: 'all', min: 0, max: 1e10 },
  { name: 'small', min: 0, max: 32 ** 2 },
  { name: 'medium', min: 32 ** 2, max: 96 ** 2 },
  { name: 'large', min: 96 ** 2, max: 1e10 },
];

/** Detections per image and category that count, fewest first. */
export const DEFAULT_MAX_DETS: readonly number[] = [1, 10, 100];

/** Ascending and without repetition. @throws InputError without any, or for one that is not a whole number from 1 on */
export function orderedMaxDets(maxDets: readonly number[]): number[] {
  const wrong = maxDets.find((limit) => !(Number.isSafeInteger(limit) && limit >= 1));
  if (wrong !== undefined || maxDets.length === 0) {
    throw new InputError(
      `max-dets has ${wrong === undefined ? 'no number' : String(wrong)}: whole numbers from 1 on are needed, such as 1,10,100`,
    );
  }
  return [...new Set(maxDets)].sort((a, b) => a - b);
}

function linspace(from: number, to: number, count: number): number[] {
  const step = (to - from) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? to : i * step + from));
}
