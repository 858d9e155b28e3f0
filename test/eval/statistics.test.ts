import { describe, expect, it } from 'vitest';
import { compareSamples, mean, median, momentMean, quantiles, standardDeviation } from '../../src/eval/statistics';
import { reference } from './shape/reference';

const SHARES = [0.1, 0.5, 0.9];

function expectNear(actual: readonly (number | null)[], expected: readonly (number | null)[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    // the references have 9 digits
    expect(Math.abs(value! - expected[i]!)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(expected[i]!)));
  });
}

describe.each(reference.samples)('samples: $name', (sample) => {
  it('mean and deviation by numpy', () => {
    expectNear([mean(sample.a)], [sample.meanA]);
    if (sample.sdA === null) {
      expect(standardDeviation(sample.a)).toBeNull();
    } else {
      expectNear([standardDeviation(sample.a)], [sample.sdA]);
    }
  });

  it("quantiles by numpy's Hazen rule, and with cubes as weights", () => {
    expectNear(quantiles(sample.a, SHARES)!, sample.hazenA);
    const sizes = sample.a.map(Math.abs);
    const cubes = sizes.map((value) => value ** 3);
    expectNear(quantiles(sizes, SHARES, cubes)!, sample.cubeWeightedA);
  });

  it('two samples by SciPy', () => {
    const compared = compareSamples(sample.a, sample.b)!;
    expectNear(
      [compared.ksDistance, compared.ksPValue, compared.cliffsDelta],
      [sample.ksDistance, sample.ksPValue, sample.cliffsDelta],
    );
    const reversed = compareSamples(sample.b, sample.a)!;
    expectNear([reversed.ksDistance, reversed.cliffsDelta], [sample.ksDistance, -sample.cliffsDelta]);
  });
});

it('weights: values stand at the middles of their steps; equal weights give the usual quantiles', () => {
  // steps of 0.1, 0.1 and 0.8, their middles at 0.05, 0.15 and 0.6
  const [low, middle, high] = quantiles([100, 1, 2], SHARES, [8, 1, 1])!;
  expect(low).toBeCloseTo(1.5, 12);
  expect(middle).toBeCloseTo(2 + (0.35 / 0.45) * 98, 12);
  expect(high).toBe(100);
  expect(quantiles([5, 1, 3, 2], SHARES, [7, 7, 7, 7])).toEqual(quantiles([5, 1, 3, 2], SHARES));
});

it('weights: the order of the list does not count, also among equal values', () => {
  const [values, weights] = [
    [3, 1, 3, 2, 3],
    [5, 1, 1, 2, 9],
  ];
  const backwards = quantiles([...values].reverse(), [0.3, 0.6, 0.7], [...weights].reverse());
  expect(quantiles(values, [0.3, 0.6, 0.7], weights)).toEqual(backwards);
});

it('moment means of equal spheres are their diameter, of two sizes by hand', () => {
  expect(momentMean([3, 3, 3], 3, 2)).toBeCloseTo(3, 12);
  expect(momentMean([1, 2], 3, 2)).toBeCloseTo(9 / 5, 12);
  expect(momentMean([1, 2], 4, 3)).toBeCloseTo(17 / 9, 12);
});

it('nothing is said of empty samples', () => {
  expect([mean([]), median([]), standardDeviation([]), standardDeviation([1]), momentMean([], 3, 2)]).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
  expect([quantiles([], SHARES), compareSamples([], [1]), compareSamples([1], [])]).toEqual([null, null, null]);
});
