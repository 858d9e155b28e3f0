/** Sum of Neumaier's compensated summation: the order of a large list does not show in the last digits. */
function sum(values: Iterable<number>): number {
  let [total, lost] = [0, 0];
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Arithmetic mean; null for an empty list. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** Standard deviation of the population that the values are a sample of (divisor n - 1); null below two values. */
export function standardDeviation(values: readonly number[]): number | null {
  const centre = mean(values);
  if (centre === null || values.length < 2) {
    return null;
  }
  return Math.sqrt(sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1));
}

/** Sum of values^p over sum of values^q, to the power 1 / (p - q): the mean D[p, q]; null for an empty list. */
export function momentMean(values: readonly number[], p: number, q: number): number | null {
  if (values.length === 0) {
    return null;
  }
  const moment = (power: number): number => sum(values.map((value) => value ** power));
  return (moment(p) / moment(q)) ** (1 / (p - q));
}

/**
 * Quantiles of values that count by weight. Of the cumulative distribution over the sorted values, each value stands at
 * the middle of its own step, (W_i - w_i / 2) / W; between two values it is linear, and beyond the first and the last
 * value constant. With equal weights that is Hazen's rule (no. 5 of Hyndman and Fan, "Sample Quantiles in Statistical
 * Packages", 1996), whose quantile at 1/2 is the usual median.
 * @param weights positive, one for each value; all 1 where left out
 * @param at the shares asked for, 0 to 1
 * @returns one value each; null for an empty list
 */
export function quantiles(
  values: readonly number[],
  at: readonly number[],
  weights?: readonly number[],
): number[] | null {
  if (values.length === 0) {
    return null;
  }
  const weightOf = (i: number): number => weights?.[i] ?? 1;
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || weightOf(a) - weightOf(b));
  const positions = new Float64Array(order.length);
  let total = 0;
  order.forEach((index, rank) => {
    positions[rank] = total + weightOf(index) / 2;
    total += weightOf(index);
  });
  return at.map((share) => {
    const wanted = share * total;
    const after = firstAtLeast(positions, wanted);
    if (after === 0 || after === order.length) {
      return values[order[Math.min(after, order.length - 1)]];
    }
    const part = (wanted - positions[after - 1]) / (positions[after] - positions[after - 1]);
    const [low, high] = [values[order[after - 1]], values[order[after]]];
    return low + part * (high - low);
  });
}

/** The usual median; null for an empty list. */
export function median(values: readonly number[]): number | null {
  return quantiles(values, [0.5])?.[0] ?? null;
}

export interface TwoSampleTest {
  /** Kolmogorov-Smirnov distance: the largest difference of the two cumulative distributions, 0 to 1. */
  readonly ksDistance: number;
  /**
   * Probability of at least this distance for two samples of one distribution: two-sided, by the limiting distribution
   * for large samples (Kolmogorov 1933, Smirnov 1948). Too large for fewer than some 20 values, and for ties.
   */
  readonly ksPValue: number;
  /** Cliff's delta: P(b > a) - P(b < a) for a value of each sample at random, -1 to 1; 0 where neither is larger. */
  readonly cliffsDelta: number;
}

/** Compares two samples; null where one is empty. */
export function compareSamples(a: readonly number[], b: readonly number[]): TwoSampleTest | null {
  if (a.length === 0 || b.length === 0) {
    return null;
  }
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  let [i, j, distance, above] = [0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    const [startI, startJ] = [i, j];
    while (x[i] === value) {
      i++;
    }
    while (y[j] === value) {
      j++;
    }
    // of the pairs with this value of b: a below it less a above it
    above += (j - startJ) * (startI - (x.length - i));
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  const effective = (x.length * y.length) / (x.length + y.length);
  return {
    ksDistance: distance,
    ksPValue: kolmogorovTail(Math.sqrt(effective) * distance),
    cliffsDelta: above / (x.length * y.length),
  };
}

/** P(K > x) of Kolmogorov's limiting distribution, by the series that converges fast on either side of 1. */
function kolmogorovTail(x: number): number {
  if (x <= 0) {
    return 1;
  }
  let total = 0;
  if (x < 1) {
    for (let k = 1; k <= 9; k += 2) {
      total += Math.exp((-(k ** 2) * Math.PI ** 2) / (8 * x ** 2));
    }
    return 1 - (Math.sqrt(2 * Math.PI) / x) * total;
  }
  for (let k = 1; k <= 6; k++) {
    total += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k ** 2 * x ** 2);
  }
  return total;
}

/** Index of the first element that is not below `value`; the length where all are. */
function firstAtLeast(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
