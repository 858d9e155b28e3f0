import rowsSource from '../../../shaders/gemm/rows.wgsl';
import stridedSource from '../../../shaders/gemm/strided.wgsl';
import outputGradientSource from '../../../shaders/winograd/output_gradient.wgsl';
import transposeSource from '../../../shaders/winograd/transpose.wgsl';
import walkSource from '../../../shaders/winograd/walk.wgsl';
import weightGradientSource from '../../../shaders/winograd/weight_gradient.wgsl';
import { u32 } from '../../gpu/kernel';
import type { Capabilities } from '../../gpu/capabilities';
import { dispatchGemm } from '../gemm/dispatch';
import { matrixWindow } from '../gemm/problem';
import { defaultGemm } from '../gemm/variants';
import { dispatchItems } from '../itemwise';
import { read, write, type Lowering, type Operand } from '../op';
import { dense, pitch } from '../tensor';
import { POINTS, runParams, SCRATCH_BYTES, TILE, tileWalk, transformInput, type Run } from './winograd';

/**
 * With fewer, the 36 sums [channel, output] weigh more than the products. On llvmpipe, other work beside it, direct and by
 * Winograd: 256 to 256 channels at 20 x 28 (35 tiles) 98 and 175 ms, at 32 x 40 (80 tiles) 368 and 97 ms; 128 to 128 at
 * 40 x 56 97 and 38 ms.
 */
const FEWEST_TILES = 64;

/**
 * Whether F(4x4, 3x3) is faster than the GEMM over the windows, by the same reckoning as for the convolution itself: panels
 * are filled for as many rows as there are channels. Hardware keeps to its GEMM.
 */
export function prefersWinogradWeightGradient(
  capabilities: Capabilities,
  x: readonly number[],
  dy: readonly number[],
): boolean {
  const channels = x[3];
  const [images, height, width] = dy;
  const tiles = images * Math.ceil(height / TILE) * Math.ceil(width / TILE);
  return (
    defaultGemm(capabilities) === 'panel' &&
    channels >= 32 &&
    tiles >= FEWEST_TILES &&
    1.25 * POINTS * tiles * (channels + 14) < 9 * images * height * width * channels
  );
}

/**
 * The gradient of a 3x3 convolution of stride 1 by its weight: the adjoint of F(4x4, 3x3) in its weight. Tiles of the input
 * are transformed as in the convolution, those of dy by the output transform's adjoint, and each of the 36 points is a
 * product [channel, tile] [tile, output]; their sum over all tiles goes back by the weight transform's adjoint. Tiles are
 * taken in runs that depend on the shape alone. The profile counts the direct arithmetic, on the products.
 */
export function dispatchWinogradWeightGradient(
  context: Lowering,
  x: Operand,
  dy: Operand,
  dw: Operand,
  padding: readonly [number, number],
): void {
  const [images, outputHeight, outputWidth, outputs] = dy.spec.shape;
  const inputs = x.spec.shape[3];
  const [rowsC, c4, columns4] = [pitch(x.spec), pitch(x.spec) / 4, pitch(dy.spec) / 4];
  const [tilesY, tilesX] = [Math.ceil(outputHeight / TILE), Math.ceil(outputWidth / TILE)];
  const tiles = images * tilesY * tilesX;
  const widest = Math.max(rowsC, pitch(dy.spec));
  const runs = Math.max(1, Math.ceil((tiles * POINTS * widest * 4) / SCRATCH_BYTES));
  const run = Math.max(1, Math.ceil(tiles / runs));
  const v = context.scratch(dense([POINTS, run, rowsC]));
  const columns = context.scratch(dense([POINTS, rowsC, Math.ceil(run / 4) * 4]));
  const m = context.scratch(dense([POINTS, run, pitch(dy.spec)]));
  const sum = context.scratch(dense([POINTS, rowsC, pitch(dy.spec)]));
  const { count } = dy;
  const source = count === undefined ? x : { ...x, count };
  // at least once, so that the gradient over no tiles is zero
  for (let firstRow = 0; firstRow === 0 || firstRow < tiles; firstRow += run) {
    const rows = Math.min(run, tiles - firstRow);
    const part: Run = { rows, firstRow, tilesY, tilesX };
    const tiles4 = Math.ceil(rows / 4);
    if (rows > 0) {
      transformInput(context, { x: source, padding: [...padding] }, v, part);
      transpose(context, v, columns, count, part, c4);
      transformOutputGradient(context, dy, m, part);
    }
    const problem = {
      a: columns,
      b: m,
      y: sum,
      window: matrixWindow(rowsC),
      rows: rowsC,
      k: rows,
      c4: tiles4,
      columns4,
      channels: outputs,
      batch: { size: POINTS, a: rowsC * tiles4, b: rows * columns4, y: rowsC * columns4 },
      count,
      countLimits: 'k',
      rowsPerItem: tilesY * tilesX,
      firstRow,
      accumulate: firstRow > 0,
      flops: (2 * images * outputHeight * outputWidth * outputs * inputs * 9 * rows) / Math.max(tiles, 1),
    } as const;
    dispatchGemm(context, problem, defaultGemm(context.capabilities));
  }
  dispatchItems(context, inputs * columns4, {
    kernel: 'winograd/weight_gradient',
    source: weightGradientSource,
    bindings: { u: read(sum, 'vec4f'), w: write(dw, 'f32') },
    params: {
      columns4: u32(columns4),
      plane: u32(rowsC * columns4),
      inputs: u32(inputs),
      outputs: u32(outputs),
      points: u32(TILE + 2),
    },
  });
}

function transpose(context: Lowering, v: Operand, y: Operand, count: Operand | undefined, part: Run, c4: number): void {
  const tiles4 = Math.ceil(part.rows / 4);
  dispatchItems(context, POINTS * c4 * tiles4, {
    kernel: 'winograd/transpose',
    source: rowsSource + transposeSource,
    bindings: { v: read(v, 'vec4f'), count: read(count ?? v, 'u32'), y: write(y, 'vec4f') },
    params: { ...runParams(part, count), c4: u32(c4), tiles4: u32(tiles4) },
  });
}

function transformOutputGradient(context: Lowering, dy: Operand, m: Operand, part: Run): void {
  const [, outputHeight, outputWidth] = dy.spec.shape;
  const columns4 = pitch(dy.spec) / 4;
  const walk = tileWalk(context.capabilities, part.rows * columns4, dy.count !== undefined);
  context.dispatch({
    kernel: 'winograd/output_gradient',
    source: rowsSource + stridedSource + outputGradientSource + walkSource,
    defines: walk.defines,
    bindings: { dy: read(dy, 'vec4f'), count: read(dy.count ?? dy, 'u32'), m: write(m, 'vec4f') },
    params: {
      ...runParams(part, dy.count),
      ...walk.params,
      points: u32(TILE + 2),
      side: u32(TILE),
      columns4: u32(columns4),
      outputHeight: u32(outputHeight),
      outputWidth: u32(outputWidth),
    },
    workgroups: walk.workgroups,
  });
}
