import { errorText } from '../data/file_error';
import type { Work } from './work';

/** The numbers that a model gives, by name: what two implementations are compared by. */
export type ModelResult = Readonly<Record<string, ArrayLike<number>>>;

export interface ModelRun {
  /** Wall time, with the upload of the input and the readback of the results. */
  readonly milliseconds: number;
  readonly result: ModelResult;
}

/** One implementation of a model, loaded and ready to run. */
export interface Contestant {
  readonly name: string;
  /** The device it runs on; null where that is not known, or is the CPU by intention. */
  readonly adapter: string | null;
  run(): Promise<ModelRun>;
  /** One more run, with timestamps around every dispatch; only ours can do it. */
  profile?(): Promise<Work>;
  release(): Promise<void>;
}

export interface Timing {
  readonly name: string;
  readonly adapter: string | null;
  /** Of the first run, with the compilation of shaders and plans, and the measuring of a tuner. */
  readonly firstMs: number;
  /** Of the timed runs, in order. */
  readonly runsMs: readonly number[];
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly result: ModelResult;
}

/** A contestant that failed on its way. */
export interface Failure {
  readonly name: string;
  readonly reason: string;
}

export interface Measurement {
  /** Of those that did not fail, in the order of the contestants. */
  readonly timings: readonly Timing[];
  readonly failures: readonly Failure[];
}

/** Where the first run took longer, it is the only one for warming up. */
const LONG_FIRST_RUN_MS = 20_000;

/**
 * Times contestants in turns (the first, the second …, the first …), so that what else happens on the machine meets all
 * of them. Before that each runs once, timed apart, and once more for warming up.
 * @param contestants ours first; one of the others that fails is left out from there on
 * @param runs of each contestant, by its place in the list
 * @param tell is told of each run
 * @throws what the first contestant throws
 */
export async function measure(
  contestants: readonly Contestant[],
  runs: readonly number[],
  tell: (text: string) => void,
): Promise<Measurement> {
  const first = new Map<Contestant, ModelRun>();
  const times = new Map<Contestant, number[]>();
  const failures: Failure[] = [];
  const attempt = async (contestant: Contestant, what: string): Promise<ModelRun | undefined> => {
    try {
      const run = await contestant.run();
      tell(`${contestant.name}: ${what}, ${run.milliseconds.toFixed(0)} ms`);
      return run;
    } catch (error) {
      if (contestant === contestants[0]) {
        throw error;
      }
      const reason = errorText(error);
      tell(`${contestant.name}: ${what} failed: ${reason}`);
      failures.push({ name: contestant.name, reason });
      times.delete(contestant);
      return undefined;
    }
  };
  for (const contestant of contestants) {
    times.set(contestant, []);
    const run = await attempt(contestant, 'first run');
    if (run !== undefined) {
      first.set(contestant, run);
      if (run.milliseconds <= LONG_FIRST_RUN_MS) {
        await attempt(contestant, 'warm-up');
      }
    }
  }
  for (let round = 0; round < Math.max(0, ...runs); round++) {
    for (const [i, contestant] of contestants.entries()) {
      if (round < runs[i] && times.has(contestant)) {
        const run = await attempt(contestant, `run ${round + 1} of ${runs[i]}`);
        if (run !== undefined) {
          times.get(contestant)?.push(run.milliseconds);
        }
      }
    }
  }
  const timings = [...times].map(([contestant, runsMs]) => {
    const { milliseconds: firstMs, result } = first.get(contestant)!;
    return {
      name: contestant.name,
      adapter: contestant.adapter,
      firstMs,
      runsMs,
      medianMs: median(runsMs),
      minMs: Math.min(...runsMs),
      maxMs: Math.max(...runsMs),
      result,
    };
  });
  return { timings, failures };
}

/** NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
