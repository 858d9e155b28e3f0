import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors';
import { checkSchedule, learningRateAt, scaledLearningRate, type ScheduleSettings } from '../../src/train/schedules';
import { fixtures } from '../helpers/fixtures';

describe('learning rates as those of torch.optim.lr_scheduler', () => {
  test.each(fixtures<ScheduleSettings>('schedules').map((c) => [c.name, c] as const))(
    '%s',
    (_, { attributes, outputs }) => {
      expect(() => checkSchedule(attributes)).not.toThrow();
      const expected = outputs.rates.data;
      expect(expected).toHaveLength(attributes.steps);
      expected.forEach((rate, step) => {
        const error = Math.abs(learningRateAt(attributes, step) - rate);
        expect(error, `step ${step}`).toBeLessThanOrEqual(1e-6 * rate);
      });
    },
  );
});

test('a run that goes on past its steps keeps the last rate', () => {
  const settings = { learningRate: 0.1, steps: 10, schedule: { type: 'cosine', minimum: 0.02 } } as const;
  expect(learningRateAt(settings, 10)).toBeCloseTo(0.02, 12);
  expect(learningRateAt(settings, 25)).toBeCloseTo(0.02, 12);
  expect(learningRateAt({ ...settings, schedule: { type: 'polynomial' } }, 25)).toBe(0);
});

test('the learning rate is scaled with the batch', () => {
  expect(scaledLearningRate(0.02, 2, 16)).toBe(0.0025);
  expect(() => scaledLearningRate(0.02, 2, 0)).toThrow(/train.reference_batch_size is 0 and must be 1 or more/);
});

test.each<[Partial<ScheduleSettings>, RegExp]>([
  [{ learningRate: -1 }, /optimizer.learning_rate is -1 and must be 0 or more/],
  [{ learningRate: NaN }, /optimizer.learning_rate is NaN/],
  [{ steps: 0 }, /number of steps is 0/],
  [{ schedule: { type: 'multistep', milestones: [20, 10] } }, /milestones is \[20, 10\] and must be ascending/],
  [{ schedule: { type: 'multistep', milestones: [20], gamma: 0 } }, /schedule.gamma is 0 and must be above 0/],
  [{ schedule: { type: 'cosine', minimum: 1 } }, /schedule.minimum is 1 and must be from 0 to the learning rate, 0.1/],
  [{ schedule: { type: 'polynomial', power: -2 } }, /schedule.power is -2 and must be above 0/],
  [{ warmUp: { type: 'linear', steps: 5, factor: 0 } }, /schedule.warm_up.factor is 0 and must be above 0/],
  [{ warmUp: { type: 'linear', steps: 2.5 } }, /schedule.warm_up.steps is 2.5 and must be a whole number/],
  [
    { warmUp: { type: 'linear', steps: 10, order: 'before' } },
    /schedule.warm_up.steps is 10 and must be below the 10 steps/,
  ],
])('%j is refused', (change, message) => {
  const settings: ScheduleSettings = { learningRate: 0.1, steps: 10, schedule: { type: 'constant' }, ...change };
  expect(() => checkSchedule(settings)).toThrow(InputError);
  expect(() => checkSchedule(settings)).toThrow(message);
});
