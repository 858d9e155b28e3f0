import { InputError } from '../errors';

/** Reads an option's value: a number within the limits, both included. The reader throws InputError for anything else. */
export function number(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) {
      const help = /^[\d.]*,\d+$/.test(text) ? `, with a point: ${text.replace(',', '.')}` : '';
      throw new InputError(`${option} ${text}: give a number from ${min} to ${max}${help}`);
    }
    return value;
  };
}

/** As `number`, for whole numbers. */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < min || Number(text) > max) {
      throw new InputError(`${option} ${text}: give a whole number from ${min} to ${max}`);
    }
    return Number(text);
  };
}

/** As `wholeNumber`, for several with commas between. */
export function wholeNumbers(option: string, min: number, max: number): (text: string) => number[] {
  const one = wholeNumber(option, min, max);
  return (text) => text.split(',').map((part) => one(part.trim()));
}

/** As `wholeNumber`, for a range MIN-MAX; a single number is both ends. */
export function wholeRange(option: string, min: number, max: number): (text: string) => [low: number, high: number] {
  return (text) => {
    const ends = text.split('-');
    const [low, high] = [ends[0], ends[ends.length - 1]].map(Number);
    if (ends.length > 2 || !ends.every((end) => /^\d+$/.test(end)) || low < min || high > max || low > high) {
      throw new InputError(
        `${option} ${text}: give two whole numbers from ${min} to ${max}, the smaller one first, such as ${min}-${max}`,
      );
    }
    return [low, high];
  };
}
