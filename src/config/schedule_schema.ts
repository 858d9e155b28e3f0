import { z } from 'zod';
import { aboveZero, choice, fraction, integer, list, notNegative, oneOf, section } from './fields';
import { nearest } from './nearest';
import { isMapping } from './yaml-file';

const shares = list(
  z
    .number({ error: 'a share of the run between 0 and 1' })
    .gt(0, { error: 'a share of the run between 0 and 1' })
    .lt(1, { error: 'a share of the run between 0 and 1' }),
  'a list of shares of the run, such as [0.67, 0.92]',
  0,
  64,
).refine((items) => items.every((item, i) => i === 0 || item > items[i - 1]), {
  error: 'in ascending order, such as [0.67, 0.92]',
});

/** Null factors: 0.001 for a linear warm-up, 1/3 for a constant one. 0 steps: none. */
const warmUp = {
  warm_up: section({
    type: choice(['linear', 'constant']).default('linear'),
    steps: integer(0, 1_000_000).default(200),
    factor: fraction.gt(0, { error: 'a number above 0, at most 1' }).nullable().default(null),
    order: choice(['chained', 'before']).default('chained'),
  }).prefault({}),
};

/** The course of the optimizer's learning rate, as src/train/schedules.ts has it; milestones are shares of the run. */
const SCHEDULES = [
  section({ type: z.literal('constant'), ...warmUp }),
  section({
    type: z.literal('multistep'),
    ...warmUp,
    milestones: shares.default([0.67, 0.92]),
    gamma: aboveZero.default(0.1),
  }),
  section({ type: z.literal('cosine'), ...warmUp, minimum: notNegative.default(0) }),
  section({ type: z.literal('polynomial'), ...warmUp, power: aboveZero.default(1) }),
] as const;

const TYPES = SCHEDULES.map(({ shape }) => shape.type.value);

function expectedType(found: unknown): string {
  const meant = typeof found === 'string' ? nearest(found, TYPES) : null;
  return `${oneOf(TYPES)}${meant === null ? '' : ` (the nearest is ${meant})`}`;
}

/** The learning rate's course; `multistep` where a section leaves `type` out. */
export const scheduleSchema = z.preprocess(
  (value) => (isMapping(value) ? { type: 'multistep', ...value } : value),
  z.discriminatedUnion('type', SCHEDULES, {
    error: ({ input }) => (isMapping(input) ? expectedType(input.type) : 'a section with keys'),
  }),
);
