import { describe, expect, it } from 'vitest';
import { smooth } from '../../src/report/client/smooth';
import { CurveSeries } from '../../src/report/curve_points';

describe('CurveSeries', () => {
  it('keeps every value as long as there is room', () => {
    const series = new CurveSeries('loss', 4);
    [3, 1, 2, 0.1234567].forEach((value, i) => {
      series.add(10 * i, value);
    });
    series.add(50, NaN);
    series.add(60, Infinity);
    expect(series.points()).toEqual({ name: 'loss', steps: [0, 10, 20, 30], values: [3, 1, 2, 0.123457] });
  });

  it.each([2, 3, 4, 7, 64])(
    'room for %i: mean, least and largest value of all steps since the point before',
    (capacity) => {
      const series = new CurveSeries('loss', capacity);
      const valueAt = (step: number): number => (step * 7919) % 1009;
      for (let step = 1; step <= 1000; step++) {
        series.add(step, valueAt(step));
      }
      const { steps, values, range } = series.points();
      expect(steps.length).toBeLessThanOrEqual(capacity);
      expect(steps.length).toBeGreaterThanOrEqual(Math.floor(capacity / 2));
      expect(steps.at(-1)).toBe(1000);
      steps.forEach((last, i) => {
        const first = i === 0 ? 1 : steps[i - 1] + 1;
        const own = Array.from({ length: last - first + 1 }, (_, k) => valueAt(first + k));
        expect(values[i]).toBeCloseTo(own.reduce((sum, value) => sum + value) / own.length, 2);
        expect([range!.low[i], range!.high[i]]).toEqual([Math.min(...own), Math.max(...own)]);
      });
    },
  );
});

describe('smooth', () => {
  it.each([0, 0.3, 0.6, 0.99])(
    'weight %f: the mean of the values so far, each older one weighing less by it',
    (weight) => {
      const values = [5, -1, 2.5, 8, 0, 0, 3];
      const expected = values.map((_, last) => {
        const weights = values.slice(0, last + 1).map((_value, i) => weight ** (last - i));
        return weights.reduce((sum, w, i) => sum + w * values[i], 0) / weights.reduce((sum, w) => sum + w);
      });
      const smoothed = smooth(values, weight);
      expect(smoothed).toHaveLength(values.length);
      smoothed.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 9);
      });
    },
  );

  it('has nothing of nothing', () => {
    expect(smooth([], 0.6)).toEqual([]);
  });
});
