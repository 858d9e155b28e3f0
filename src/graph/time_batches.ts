import type { CompiledGraph } from './compile';

/** A batch of repetitions takes this long at least, so that the ends of a pass and the clock's steps do not count. */
const BATCH_MS = 20;
/** A graph that takes longer than this is repeated no more than so often. */
const LONG_MS = 100;
const BATCHES_OF_LONG = 3;
/** More would make the list of commands long, and tells no more. */
const MOST_REPEATS = 2000;

export interface Batches {
  /** Repetitions in a batch. */
  readonly repeats: number;
  /** For each batch, of one repetition. */
  readonly milliseconds: readonly number[];
}

/**
 * Times a compiled graph on the inputs that it has. Its first run, which compiles shaders, is not counted.
 * @param limit milliseconds: what takes longer is run once
 */
export async function timeBatches(
  compiled: Pick<CompiledGraph, 'time'>,
  batches: number,
  limit = Infinity,
): Promise<Batches> {
  await compiled.time(1);
  const once = await compiled.time(1);
  if (once > limit) {
    return { repeats: 1, milliseconds: [once] };
  }
  const repeats = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(BATCH_MS / Math.max(once, 1e-3))));
  const milliseconds = once >= LONG_MS ? [once] : [];
  const wanted = once >= LONG_MS ? Math.min(batches, BATCHES_OF_LONG) : batches;
  while (milliseconds.length < wanted) {
    milliseconds.push(await compiled.time(repeats));
  }
  return { repeats, milliseconds };
}
