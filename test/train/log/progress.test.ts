import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stepLine, validationLine } from '../../../src/train/log/lines';
import { TrainingProgress } from '../../../src/train/log/progress';
import type { StepRecord } from '../../../src/train/log/records';

const RUN = { totalSteps: 1000, epochs: 4 };

function step(number: number): StepRecord {
  return {
    step: number,
    epoch: 1,
    learningRate: 0.0123456,
    losses: { loss: 1.5, mask: 1, rpnBox: 0.5 },
    imagesPerSecond: 12.345,
    secondsWaiting: 0,
    peakBytes: 1.25 * 2 ** 30,
  };
}

function streamOf(isTTY: boolean, columns?: number): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) > 0 };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

describe('TrainingProgress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('a terminal has the first step at once, then the time left by the steps after it', () => {
    const { stream, written } = streamOf(true, 200);
    const progress = new TrainingProgress(RUN, stream);
    vi.advanceTimersByTime(90_000);
    progress.step(step(401));
    for (let number = 402; number <= 411; number++) {
      vi.advanceTimersByTime(2000);
      progress.step(step(number));
    }
    expect(written[0].trim()).toBe(
      'epoch 1/4, step 401/1000, loss 1.5 (mask 1, rpnBox 0.5), lr 0.0123, 12.3 images/s, 1.25 GiB',
    );
    // 589 steps of 2 s
    expect(written.at(-1)).toMatch(/^\repoch 1\/4, step 411\/1000, 19 min 38 s left, loss 1.5 /);
    progress.note('validation');
    progress.end();
    expect(written.slice(-2)).toEqual(['\n', 'validation\n']);
  });

  it('elsewhere it prints lines now and then, and the last one', () => {
    const { stream, written } = streamOf(false);
    const progress = new TrainingProgress(RUN, stream);
    for (let number = 976; number <= 1000; number++) {
      progress.step(step(number));
      vi.advanceTimersByTime(1000);
    }
    progress.end();
    expect(written.map((line) => /step (\d+)/.exec(line)?.[1])).toEqual(['976', '986', '996', '1000']);
    expect(written.every((line) => line.endsWith('\n') && !line.includes('\r'))).toBe(true);
    expect(written[3]).toContain(', 0 s left, ');
  });
});

describe('lines', () => {
  it('leave out what a step does not have', () => {
    const { peakBytes, ...rest } = step(7);
    expect(peakBytes).toBeDefined();
    const line = stepLine(
      { ...rest, losses: { loss: 12_345.6 }, learningRate: 1e-7, imagesPerSecond: 0.0456 },
      RUN,
      '',
    );
    expect(line).toBe('epoch 1/4, step 7/1000, loss 12346, lr 1e-7, 0.0456 images/s');
  });

  it('figures of a validation', () => {
    const figures = { segm_AP: 0.41239, bbox_AP: NaN };
    expect(validationLine({ step: 20, epoch: 2, figures, best: false })).toBe(
      'validation after epoch 2, step 20: segm_AP 0.412, bbox_AP -',
    );
  });
});
