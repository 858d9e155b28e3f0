import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { duration, StatusLine } from '../../src/node/status_line';

class Stream {
  readonly written: string[] = [];

  constructor(
    readonly isTTY: boolean,
    readonly columns: number,
  ) {}

  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
}

function lineOn(stream: Stream): StatusLine {
  return new StatusLine(stream as unknown as NodeJS.WriteStream);
}

describe('StatusLine', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    vi.advanceTimersByTime(60_000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rewrites one line on a terminal, as wide as that is, ten times a second at most', () => {
    const stream = new Stream(true, 9);
    const line = lineOn(stream);
    line.end();
    line.show(() => 'the first line');
    vi.advanceTimersByTime(99);
    line.show(() => 'too early');
    vi.advanceTimersByTime(1);
    line.show(() => 'short');
    line.show(() => 'last', true);
    line.end();
    line.end();
    expect(stream.written).toEqual(['\rthe firs', '\rshort   ', '\rlast    ', '\n']);
  });

  it('prints whole lines elsewhere, one in ten seconds at most', () => {
    const stream = new Stream(false, 9);
    const line = lineOn(stream);
    for (let second = 0; second <= 20; second++) {
      line.show(() => `after ${second} seconds`);
      vi.advanceTimersByTime(1000);
    }
    line.show(() => 'the last', true);
    line.end();
    expect(stream.written).toEqual(['after 0 seconds\n', 'after 10 seconds\n', 'after 20 seconds\n', 'the last\n']);
  });

  it('writes durations', () => {
    expect([0, 59, 60, 3599, 3600, 100_000].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min 0 s',
      '59 min 59 s',
      '1 h 0 min',
      '27 h 46 min',
    ]);
  });
});
