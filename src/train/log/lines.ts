import type { StepRecord, ValidationRecord } from './records';

/** What a step has of a run. */
export interface RunLength {
  readonly totalSteps: number;
  readonly epochs: number;
}

/** A step in one line, what matters most first: a narrow terminal shows the beginning alone. @param timeLeft "" where it is not known yet */
export function stepLine(record: StepRecord, { totalSteps, epochs }: RunLength, timeLeft: string): string {
  const { step, epoch, losses, learningRate, imagesPerSecond, peakBytes } = record;
  const parts = Object.entries(losses)
    .filter(([name]) => name !== 'loss')
    .map(([name, value]) => `${name} ${short(value)}`);
  return [
    `epoch ${epoch}/${epochs}`,
    `step ${step}/${totalSteps}`,
    ...(timeLeft === '' ? [] : [`${timeLeft} left`]),
    `loss ${short(losses.loss)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`,
    `lr ${short(learningRate)}`,
    `${short(imagesPerSecond)} images/s`,
    ...(peakBytes === undefined ? [] : [`${(peakBytes / 2 ** 30).toFixed(2)} GiB`]),
  ].join(', ');
}

export function validationLine({ step, epoch, figures, best }: ValidationRecord): string {
  const list = Object.entries(figures).map(
    ([name, value]) => `${name} ${Number.isFinite(value) ? value.toFixed(3) : '-'}`,
  );
  return `validation after epoch ${epoch}, step ${step}: ${list.join(', ')}${best ? ' (the best until now)' : ''}`;
}

/** Three digits, as far as there are any. */
function short(value: number): string {
  return Number.isFinite(value) && Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
