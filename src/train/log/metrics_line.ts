import type { LogRecord } from './records';

/** Digits of what was measured by a clock. */
const CLOCK_DIGITS = 5;

/** A record as a line of metrics.jsonl, without its end; what is no finite number is null there. */
export function metricsLine(record: LogRecord): string {
  const { kind, step, epoch } = record;
  if (kind === 'validation') {
    return JSON.stringify({ kind, step, epoch, figures: record.figures, best: record.best });
  }
  return JSON.stringify({
    kind,
    step,
    epoch,
    learning_rate: record.learningRate,
    losses: record.losses,
    gradient_norm: record.gradientNorm,
    images_per_second: rounded(record.imagesPerSecond),
    seconds_waiting: rounded(record.secondsWaiting),
    peak_bytes: record.peakBytes,
  });
}

/** The record of a line that `metricsLine` wrote; null for anything else, such as a line cut short by a kill. */
export function parseMetricsLine(line: string): LogRecord | null {
  const read = parsed(line);
  const { kind, step, epoch } = read;
  if (!isCount(step) || !isCount(epoch)) {
    return null;
  }
  if (kind === 'validation') {
    const figures = numbers(read.figures);
    return figures === null ? null : { kind, step, epoch, figures, best: read.best === true };
  }
  const losses = numbers(read.losses);
  if (kind !== 'step' || losses === null) {
    return null;
  }
  return {
    kind,
    step,
    epoch,
    learningRate: numberOf(read.learning_rate),
    losses,
    imagesPerSecond: numberOf(read.images_per_second),
    secondsWaiting: numberOf(read.seconds_waiting),
    ...(read.gradient_norm === undefined ? {} : { gradientNorm: numberOf(read.gradient_norm) }),
    ...(read.peak_bytes === undefined ? {} : { peakBytes: numberOf(read.peak_bytes) }),
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(line) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : NaN;
}

function numbers(value: unknown): Record<string, number> | null {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, numberOf(one)]))
    : null;
}

function rounded(value: number): number {
  return Number(value.toPrecision(CLOCK_DIGITS));
}
