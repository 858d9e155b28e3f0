import { z } from 'zod';

/*
 * Every message of a schema completes the sentence "KEY must be …", for a wrong type as for a value out of range; those of the
 * checks between keys (marked by `afterKey`) complete "KEY …".
 */

export function number(expected: string, min: number, max: number): z.ZodNumber {
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export function positive(expected: string): z.ZodNumber {
  return z.number({ error: expected }).positive({ error: expected });
}

export function integer(min: number, max: number): z.ZodNumber {
  const expected = `a whole number from ${min} to ${max}`;
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export function list<Item extends z.ZodType>(item: Item, expected: string, min: number, max: number): z.ZodArray<Item> {
  return z.array(item, { error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

/** A section: unknown keys are refused, absent ones take their defaults. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: 'a section with keys' });
}

export const fraction = number('a number from 0 to 1', 0, 1);
export const aboveZero = positive('a number above 0');
export const notNegative = number('a number from 0', 0, Number.MAX_VALUE);

/** True or false, `fallback` where it is left out. */
export function flag(fallback: boolean): z.ZodDefault<z.ZodBoolean> {
  return z.boolean({ error: 'true or false' }).default(fallback);
}

/** One of some words. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, { error: oneOf(words) });
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
