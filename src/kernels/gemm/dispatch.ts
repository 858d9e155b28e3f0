import epilogueSource from '../../../shaders/gemm/epilogue.wgsl';
import innerSource from '../../../shaders/gemm/inner.wgsl';
import panelSource from '../../../shaders/gemm/panel.wgsl';
import rowsSource from '../../../shaders/gemm/rows.wgsl';
import sliceSource from '../../../shaders/gemm/slice.wgsl';
import stridedSource from '../../../shaders/gemm/strided.wgsl';
import tiledSource from '../../../shaders/gemm/tiled.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItemwise } from '../itemwise';
import { read, ShapeError, write, type Lowering } from '../op';
import { dense, roundUp } from '../tensor';
import { stridedGroups } from './strided';
import { dispatchMatrix } from './matrix';
import { gemmCall, type GemmProblem } from './problem';
import { defaultTile, TILES, type GemmVariant, type TileName } from './variants';

export function dispatchGemm(context: Lowering, problem: GemmProblem, variant: GemmVariant): void {
  if (problem.rows === 0 || problem.columns4 === 0) {
    return;
  }
  if (variant === 'panel') {
    dispatchPanel(context, problem);
  } else if (variant === 'matrix') {
    dispatchMatrix(context, problem);
  } else {
    dispatchTiled(context, problem, variant);
  }
}

/**
 * Values of k in a panel, for each lane. On llvmpipe (8 lanes) panels of 64, 96 and 128 take 60, 59 and 56 ms for the same
 * layers of ResNet-50, and compile in 0.4, 0.6 and 1.0 s; there is one pipeline for all of them.
 */
const PANEL_K_PER_LANE = 16;
/** Rows that share a panel at most. 128, 256 and 512 take 63, 61 and 60 ms for those layers. */
const PANEL_ROWS = 512;

/**
 * Where A is a matrix of very long rows, k is split over several products, and each part of A is copied together first, so
 * that what the panels of a row group share stays in a core's cache, and in few pages. 1000 x 12544 to 1024 on llvmpipe:
 * 1064 ms with parts that are not copied, 515 ms with copies. Rows with fewer parts than eight gain nothing.
 */
const CACHED_BYTES = 2 ** 19;
const PARTS_WORTH_SPLITTING = 8;

function dispatchPanel(context: Lowering, problem: GemmProblem): void {
  const { rows, k, c4 } = problem;
  const lanes = context.capabilities.subgroupSize;
  if (lanes === 0) {
    throw new ShapeError('variant panel needs subgroups of a fixed size, which this adapter does not have');
  }
  const columnGroups = Math.ceil(problem.columns4 / lanes) * (problem.batch?.size ?? 1);
  const parts = c4 * 4 < k ? 1 : Math.ceil((panelRows(rows, columnGroups) * k * 4) / CACHED_BYTES);
  if (parts < PARTS_WORTH_SPLITTING || problem.batch !== undefined) {
    dispatchPanels(context, problem);
    return;
  }
  const step = roundUp(Math.ceil(k / parts), PANEL_K_PER_LANE * lanes);
  const part = context.scratch(dense([rows, step]));
  for (let first = 0; first < k; first += step) {
    const length = Math.min(step, k - first);
    const length4 = Math.ceil(length / 4);
    const rowsPerItem = problem.rowsPerItem ?? 1;
    const units = { length: rows * length4, unit: 4, itemElements: rowsPerItem * length4 * 4 };
    dispatchItemwise(context, { count: rowsCounted(problem) ? problem.count : undefined }, units, {
      kernel: 'gemm/slice',
      source: sliceSource,
      bindings: { x: read(problem.a, 'vec4f'), y: write(part, 'vec4f') },
      params: { first4: u32(first / 4), length4: u32(length4), c4: u32(c4) },
      bytes: 8 * rows * length,
    });
    const [isFirst, isLast] = [first === 0, first + step >= k];
    dispatchPanels(context, {
      ...problem,
      a: part,
      k: length,
      c4: length4,
      packedK: k,
      firstB: (problem.firstB ?? 0) + first * (problem.lanes ?? problem.columns4),
      firstRow: (problem.firstRow ?? 0) + (problem.countLimits === 'k' ? first : 0),
      accumulate: problem.accumulate === true || !isFirst,
      activation: isLast ? (problem.activation ?? 'none') : 'none',
      flops: (problem.flops * length) / k,
    });
  }
}

function rowsCounted({ count, countLimits }: GemmProblem): boolean {
  return count !== undefined && countLimits !== 'k';
}

function dispatchPanels(context: Lowering, problem: GemmProblem): void {
  const lanes = context.capabilities.subgroupSize;
  const call = gemmCall(problem);
  const columnGroups = Math.ceil(problem.columns4 / lanes);
  const batches = problem.batch?.size ?? 1;
  const rowsPerGroup = panelRows(problem.rows, columnGroups * batches);
  const counted = rowsCounted(problem);
  const strided = stridedGroups(Math.ceil(problem.rows / rowsPerGroup), counted);
  context.dispatch({
    kernel: 'gemm/panel',
    source: rowsSource + innerSource + stridedSource + epilogueSource + panelSource,
    defines: { SG: lanes, KC: PANEL_K_PER_LANE * lanes },
    ...call,
    params: {
      ...call.params,
      ...strided.params,
      rowsPerGroup: u32(rowsPerGroup),
      panelStep: u32(problem.lanes ?? problem.columns4),
      panelGroup: u32(problem.lanes === undefined ? lanes : problem.lanes * (problem.packedK ?? problem.k)),
    },
    workgroups: counted ? [strided.groups, columnGroups, batches] : [columnGroups, strided.groups, batches],
  });
}

/** As many rows as fit, but at least some workgroups for each core, and groups of about the same size. */
function panelRows(rows: number, otherGroups: number): number {
  const groups = Math.max(Math.ceil(rows / PANEL_ROWS), Math.min(rows, Math.ceil(8 / otherGroups)));
  return Math.ceil(rows / groups);
}

function dispatchTiled(
  context: Lowering,
  problem: GemmProblem,
  variant: Exclude<GemmVariant, 'panel' | 'matrix'>,
): void {
  const batches = problem.batch?.size ?? 1;
  const columns = problem.columns4 * 4;
  const tile =
    variant === 'tiled' ? defaultTile(problem.rows, columns, batches) : (variant.slice('tiled '.length) as TileName);
  const { lanesX, lanesY, rows, columns4 } = TILES[tile];
  context.dispatch({
    kernel: `gemm/tiled ${tile}`,
    source: rowsSource + innerSource + epilogueSource + tiledSource,
    defines: { LX: lanesX, LY: lanesY, RM: rows, RN: columns4 },
    ...gemmCall(problem),
    workgroups: [Math.ceil(columns / (4 * lanesX * columns4)), Math.ceil(problem.rows / (lanesY * rows)), batches],
  });
}
