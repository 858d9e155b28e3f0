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
  release(): Promise<void>;
}

export interface Timing {
  readonly name: string;
  readonly adapter: string | null;
  /** Of the first run, with the compilation of shaders and plans. */
  readonly firstMs: number;
  /** Of the timed runs, in order. */
  readonly runsMs: readonly number[];
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly result: ModelResult;
}

/** Where the first run took longer, it is the only one for warming up. */
const LONG_FIRST_RUN_MS = 20_000;

/**
 * Times contestants in turns (the first, the second …, the first …), so that what else happens on the machine meets all
 * of them. Before that each runs once, timed apart, and once more for warming up.
 * @param runs of each contestant, by its place in the list
 * @param tell is told of each run
 */
export async function measure(
  contestants: readonly Contestant[],
  runs: readonly number[],
  tell: (text: string) => void,
): Promise<Timing[]> {
  const first: ModelRun[] = [];
  for (const contestant of contestants) {
    const run = await contestant.run();
    first.push(run);
    tell(`${contestant.name}: first run ${run.milliseconds.toFixed(0)} ms`);
    if (run.milliseconds <= LONG_FIRST_RUN_MS) {
      await contestant.run();
    }
  }
  const times: number[][] = contestants.map(() => []);
  for (let round = 0; round < Math.max(0, ...runs); round++) {
    for (const [i, contestant] of contestants.entries()) {
      if (round < runs[i]) {
        const { milliseconds } = await contestant.run();
        times[i].push(milliseconds);
        tell(`${contestant.name}: run ${round + 1} of ${runs[i]}, ${milliseconds.toFixed(0)} ms`);
      }
    }
  }
  return contestants.map((contestant, i) => ({
    name: contestant.name,
    adapter: contestant.adapter,
    firstMs: first[i].milliseconds,
    runsMs: times[i],
    medianMs: median(times[i]),
    minMs: Math.min(...times[i]),
    maxMs: Math.max(...times[i]),
    result: first[i].result,
  }));
}

/** NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
