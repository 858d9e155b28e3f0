import { u32, type Param } from '../../gpu/kernel';

/** Cores that have their share where only the first groups have work. */
const RUNS = 16;

/**
 * An order of groups of work for software adapters, which give each core a run of consecutive workgroups: strided, so
 * that no core is idle where a count leaves work to the first groups alone. `groups` is what to dispatch, a few more than
 * asked for. See shaders/gemm/strided.wgsl.
 */
export function stridedGroups(
  groups: number,
  strided: boolean,
): { groups: number; params: Record<'runs' | 'runLength', Param> } {
  const runs = strided ? Math.min(RUNS, groups) : 1;
  const runLength = Math.ceil(groups / runs);
  return { groups: runs * runLength, params: { runs: u32(runs), runLength: u32(runLength) } };
}
