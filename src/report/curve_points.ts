/** Points of a curve over training steps, by columns. */
export interface CurvePoints {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Least and largest value that a point stands for, where it stands for several steps. */
  readonly range?: { readonly low: readonly number[]; readonly high: readonly number[] };
}

interface Bucket {
  step: number;
  count: number;
  sum: number;
  low: number;
  high: number;
}

const CAPACITY = 4096;
/** More than a chart shows. */
const DIGITS = 6;

/**
 * A curve of bounded length however many steps are added: when it is full, neighbouring points become one, with their mean,
 * their least and their largest value.
 */
export class CurveSeries {
  private readonly buckets: Bucket[] = [];
  /** How many values a bucket takes. */
  private perBucket = 1;

  /** @param capacity points at most, from 2 on */
  constructor(
    readonly name: string,
    private readonly capacity = CAPACITY,
  ) {}

  /** Values that are not finite leave no point. @param step above the one before */
  add(step: number, value: number): void {
    if (!Number.isFinite(value)) {
      return;
    }
    const last = this.buckets.at(-1);
    if (last !== undefined && last.count < this.perBucket) {
      merge(last, { step, count: 1, sum: value, low: value, high: value });
      return;
    }
    if (this.buckets.length === this.capacity) {
      this.halve();
      this.add(step, value);
      return;
    }
    this.buckets.push({ step, count: 1, sum: value, low: value, high: value });
  }

  points(): CurvePoints {
    const columns = {
      name: this.name,
      steps: this.buckets.map(({ step }) => step),
      values: this.buckets.map(({ sum, count }) => shortened(sum / count)),
    };
    return this.perBucket === 1
      ? columns
      : {
          ...columns,
          range: {
            low: this.buckets.map(({ low }) => shortened(low)),
            high: this.buckets.map(({ high }) => shortened(high)),
          },
        };
  }

  private halve(): void {
    const merged: Bucket[] = [];
    this.buckets.forEach((bucket, i) => {
      if (i % 2 === 0) {
        merged.push(bucket);
      } else {
        merge(merged[merged.length - 1], bucket);
      }
    });
    this.buckets.splice(0, this.buckets.length, ...merged);
    this.perBucket *= 2;
  }
}

function merge(into: Bucket, later: Bucket): void {
  into.step = later.step;
  into.count += later.count;
  into.sum += later.sum;
  into.low = Math.min(into.low, later.low);
  into.high = Math.max(into.high, later.high);
}

function shortened(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
