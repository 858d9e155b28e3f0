import type { DispatchTime } from '../gpu/profiler';

/** What one run of ours did on the GPU. */
export interface Work {
  readonly dispatches: number;
  /** Sum over the dispatches, by timestamps; null where the adapter has none. */
  readonly gpuMs: number | null;
  /** The wall time of the same run that is not in `gpuMs`: uploads, submission, gaps between dispatches, readback. */
  readonly hostMs: number | null;
  /** Sum of what the dispatches read and write, caches left out of account; null without timestamps. */
  readonly bytes: number | null;
}

/** @param wallMs of a run with a timestamp before and after each dispatch */
export function workOf(wallMs: number, dispatches: number, times: readonly DispatchTime[]): Work {
  if (times.length === 0) {
    return { dispatches, gpuMs: null, hostMs: null, bytes: null };
  }
  const sum = (of: (time: DispatchTime) => number): number => times.reduce((total, time) => total + of(time), 0);
  const gpuMs = sum(({ milliseconds }) => milliseconds);
  return { dispatches, gpuMs, hostMs: wallMs - gpuMs, bytes: sum(({ bytes }) => bytes) };
}
