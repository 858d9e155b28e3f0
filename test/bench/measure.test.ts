import { describe, expect, it } from 'vitest';
import { measure, median, type Contestant } from '../../src/bench/measure';

/** A contestant whose runs take the given times; each run is noted in `log`. */
function scripted(name: string, times: readonly number[], log: string[]): Contestant {
  let run = 0;
  return {
    name,
    adapter: null,
    run: async () => {
      log.push(name);
      return { milliseconds: times[run++], result: { run: [run] } };
    },
    release: async () => undefined,
  };
}

describe('measure', () => {
  it('warms up, then runs by turns, each as often as asked for', async () => {
    const log: string[] = [];
    const contestants = [scripted('a', [900, 800, 10, 30, 20], log), scripted('b', [25_000, 5], log)];
    const [a, b] = await measure(contestants, [3, 1], () => undefined);
    expect(log.join(' ')).toBe('a a b a b a a');
    expect(a).toMatchObject({ firstMs: 900, runsMs: [10, 30, 20], medianMs: 20, minMs: 10, maxMs: 30 });
    expect(b).toMatchObject({ firstMs: 25_000, runsMs: [5], medianMs: 5 });
    expect(a.result).toEqual({ run: [1] });
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  });
});
