import { describe, expect, it } from 'vitest';
import { measure, median, type Contestant } from '../../src/bench/measure';

/** A contestant whose runs take the given times, and that fails after them; each run is noted in `log`. */
function scripted(name: string, times: readonly number[], log: string[]): Contestant {
  let run = 0;
  return {
    name,
    adapter: null,
    run: async () => {
      log.push(name);
      if (run >= times.length) {
        throw new Error('out of memory');
      }
      return { milliseconds: times[run++], result: { run: [run] } };
    },
    release: async () => undefined,
  };
}

describe('measure', () => {
  it('warms up, then runs by turns, each as often as asked for', async () => {
    const log: string[] = [];
    const contestants = [scripted('a', [900, 800, 10, 30, 20], log), scripted('b', [25_000, 5], log)];
    const { timings, failures } = await measure(contestants, [3, 1], () => undefined);
    const [a, b] = timings;
    expect(log.join(' ')).toBe('a a b a b a a');
    expect(a).toMatchObject({ firstMs: 900, runsMs: [10, 30, 20], medianMs: 20, minMs: 10, maxMs: 30 });
    expect(b).toMatchObject({ firstMs: 25_000, runsMs: [5], medianMs: 5 });
    expect(a.result).toEqual({ run: [1] });
    expect(failures).toEqual([]);
  });

  it('leaves out who fails, with the reason, and goes on with the others', async () => {
    const log: string[] = [];
    // the times of a scripted run end: it fails in its third, fourth and first run
    const contestants = [
      scripted('ours', [9, 9, 1, 2, 3], log),
      scripted('warm', [9, 9], log),
      scripted('later', [9, 9, 7], log),
      scripted('never', [], log),
    ];
    const { timings, failures } = await measure(contestants, [3, 3, 3, 3], () => undefined);
    expect(log.join(' ')).toBe('ours ours warm warm later later never ours warm later ours later ours');
    expect(timings.map(({ name, runsMs }) => [name, runsMs])).toEqual([['ours', [1, 2, 3]]]);
    const reason = 'out of memory';
    expect(failures).toEqual(['never', 'warm', 'later'].map((name) => ({ name, reason })));
  });

  it('throws what ours throws', async () => {
    const contestants = [scripted('ours', [9, 9, 1], []), scripted('peer', [1, 1, 1, 1], [])];
    await expect(measure(contestants, [2, 2], () => undefined)).rejects.toThrow('out of memory');
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  });
});
