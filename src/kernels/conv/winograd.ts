import epilogueSource from '../../../shaders/gemm/epilogue.wgsl';
import rowsSource from '../../../shaders/gemm/rows.wgsl';
import stridedSource from '../../../shaders/gemm/strided.wgsl';
import inputSource from '../../../shaders/winograd/input.wgsl';
import outputSource from '../../../shaders/winograd/output.wgsl';
import walkSource from '../../../shaders/winograd/walk.wgsl';
import weightSource from '../../../shaders/winograd/weight.wgsl';
import type { Capabilities } from '../../gpu/capabilities';
import { i32, u32, type Param } from '../../gpu/kernel';
import { activationParams } from '../activation';
import { dispatchGemm } from '../gemm/dispatch';
import { packedLanes, type Packed } from '../gemm/pack';
import { stridedGroups } from '../gemm/strided';
import { matrixWindow } from '../gemm/problem';
import { defaultGemm, type GemmVariant } from '../gemm/variants';
import { dispatchItems } from '../itemwise';
import { read, ShapeError, spread, write, type Lowering, type Operand } from '../op';
import { byteLength, dense, pitch, roundUp } from '../tensor';
import { weightStrides, type ConvProblem, type ConvShape } from './problem';

/** Pixels of a tile's side, and points of its transform: F(4x4, 3x3). */
export const TILE = 4;
export const POINTS = 36;
/**
 * Tiles are taken in runs whose transforms fit, so that a large map does not need scratch of 2.25 times its size twice.
 * On llvmpipe runs of 4, 8 and 16 MiB take 53, 49 and 48 ms for 256 channels at 80 x 80.
 */
export const SCRATCH_BYTES = 16 * 2 ** 20;

export function fitsWinograd({
  kernel,
  stride,
  dilation,
  groups,
}: Pick<ConvShape, 'kernel' | 'stride' | 'dilation' | 'groups'>): boolean {
  return kernel.join() === '3,3' && [...stride, ...dilation, groups].every((value) => value === 1);
}

/**
 * Whether Winograd is faster than the implicit GEMM, in products of a pixel and a channel of k. To fill a panel costs as
 * much as some 14 rows that use it, and the transforms a quarter of the products. Measured on llvmpipe only: 256 channels
 * at 80 x 80 48 ms instead of 180, at 12 x 12 2.7 instead of 3.5, at 10 x 10 2.8 instead of 2.6; 16 channels at 56 x 56
 * 0.91 instead of 0.73. Hardware keeps to its GEMM.
 */
export function prefersWinograd(capabilities: Capabilities, conv: ConvShape): boolean {
  if (defaultGemm(capabilities) !== 'panel' || !fitsWinograd(conv) || conv.x[3] < 48) {
    return false;
  }
  const [images, height, width] = conv.y;
  const tiles = images * Math.ceil(height / TILE) * Math.ceil(width / TILE);
  return 1.25 * POINTS * (tiles + 14) < 9 * (images * height * width + 14);
}

/**
 * Convolution by F(4x4, 3x3): each tile of 4 x 4 outputs takes 36 products instead of 144. The input's tiles are
 * transformed to 36 matrices [tile, channel], multiplied by those of the weight, and transformed back.
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). The profile counts the direct
 * convolution's arithmetic, on the products.
 * @throws ShapeError unless the kernel is 3 x 3 with stride, dilation and groups of 1
 */
export function dispatchWinograd(context: Lowering, conv: ConvProblem): void {
  if (!fitsWinograd(conv)) {
    throw new ShapeError('conv2d: variant winograd needs a 3 x 3 kernel with stride, dilation and groups of 1');
  }
  const { x, y } = conv;
  const [images, outputHeight, outputWidth, outputs] = y.spec.shape;
  const [tilesY, tilesX] = [Math.ceil(outputHeight / TILE), Math.ceil(outputWidth / TILE)];
  const tiles = images * tilesY * tilesX;
  const widest = Math.max(pitch(x.spec), pitch(y.spec));
  const runs = Math.ceil((tiles * POINTS * widest * 4) / SCRATCH_BYTES);
  const run = Math.ceil(tiles / runs);
  const v = context.scratch(dense([POINTS, run, pitch(x.spec)]));
  const m = context.scratch(dense([POINTS, run, pitch(y.spec)]));
  const variant = defaultGemm(context.capabilities);
  const packed = transformedWeight(context, conv, variant);
  for (let firstRow = 0; firstRow < tiles; firstRow += run) {
    const rows = Math.min(run, tiles - firstRow);
    const part: Run = { rows, firstRow, tilesY, tilesX };
    transformInput(context, conv, v, part);
    const c4 = pitch(x.spec) / 4;
    const columns4 = pitch(y.spec) / 4;
    const problem = {
      a: v,
      ...packed,
      y: m,
      window: matrixWindow(rows),
      rows,
      k: pitch(x.spec),
      c4,
      columns4,
      channels: outputs,
      batch: { size: POINTS, a: rows * c4, b: pitch(x.spec) * roundUp(columns4, packed.lanes), y: rows * columns4 },
      count: x.count,
      rowsPerItem: tilesY * tilesX,
      firstRow,
      flops: (2 * images * outputHeight * outputWidth * outputs * x.spec.shape[3] * 9 * rows) / tiles,
    };
    dispatchGemm(context, problem, variant);
    transformOutput(context, conv, m, part);
  }
}

/** Consecutive tiles, counted over all images. */
export interface Run {
  readonly rows: number;
  readonly firstRow: number;
  readonly tilesY: number;
  readonly tilesX: number;
}

function transformedWeight(context: Lowering, conv: ConvProblem, variant: GemmVariant): Packed {
  const { weight } = conv;
  const { strideO, strideC, reversed } = weightStrides(conv);
  const [outputs, inputs] = [conv.y.spec.shape[3], conv.x.spec.shape[3]];
  const rows = roundUp(inputs, 4);
  const columns4 = Math.ceil(outputs / 4);
  const lanes = packedLanes(context, columns4, variant);
  const length = rows * roundUp(columns4, lanes);
  const b = context.derived(
    weight,
    `winograd ${lanes}${reversed ? ' reversed' : ''}`,
    dense([POINTS, length * 4]),
    (ctx, target) => {
      dispatchItems(ctx, length, {
        kernel: 'winograd/weight',
        source: weightSource,
        bindings: { w: read(weight, 'f32'), u: write(target, 'vec4f') },
        params: {
          rows: u32(rows),
          lanes: u32(lanes),
          inputs: u32(inputs),
          outputs: u32(outputs),
          strideO: u32(strideO),
          strideC: u32(strideC),
          firstTap: u32(reversed ? 8 : 0),
          tapStep: i32(reversed ? -1 : 1),
          taps: u32(9),
          points: u32(TILE + 2),
        },
      });
    },
  );
  return { b, lanes };
}

/** B^T d B of the tiles of a run, [point, tile, channel]. */
export function transformInput(
  context: Lowering,
  { x, padding }: Pick<ConvProblem, 'x' | 'padding'>,
  v: Operand,
  part: Run,
): void {
  const [, inputHeight, inputWidth] = x.spec.shape;
  const c4 = pitch(x.spec) / 4;
  const walk = tileWalk(context.capabilities, part.rows * c4, x.count !== undefined);
  const transformed = part.rows * c4 * POINTS * 16;
  context.dispatch({
    kernel: 'winograd/input',
    source: rowsSource + stridedSource + inputSource + walkSource,
    defines: walk.defines,
    bindings: { x: read(x, 'vec4f'), count: read(x.count ?? x, 'u32'), v: write(v, 'vec4f') },
    params: {
      ...runParams(part, x.count),
      ...walk.params,
      points: u32(TILE + 2),
      c4: u32(c4),
      inputHeight: u32(inputHeight),
      inputWidth: u32(inputWidth),
      paddingY: i32(padding[0]),
      paddingX: i32(padding[1]),
    },
    workgroups: walk.workgroups,
    bytes: transformed * (1 + TILE ** 2 / POINTS),
  });
}

function transformOutput(context: Lowering, conv: ConvProblem, m: Operand, part: Run): void {
  const { x, y, bias, residual, activation } = conv;
  const [images, outputHeight, outputWidth, outputs] = y.spec.shape;
  const columns4 = pitch(y.spec) / 4;
  const walk = tileWalk(context.capabilities, part.rows * columns4, x.count !== undefined);
  const share = part.rows / (images * part.tilesY * part.tilesX);
  context.dispatch({
    kernel: 'winograd/output',
    source: rowsSource + stridedSource + epilogueSource + outputSource + walkSource,
    defines: walk.defines,
    bindings: {
      m: read(m, 'vec4f'),
      bias: read(bias ?? m, 'f32'),
      residual: read(residual ?? m, 'vec4f'),
      count: read(x.count ?? m, 'u32'),
      y: write(y, 'vec4f'),
    },
    params: {
      ...runParams(part, x.count),
      ...walk.params,
      points: u32(TILE + 2),
      columns4: u32(columns4),
      channels: u32(outputs),
      outputHeight: u32(outputHeight),
      outputWidth: u32(outputWidth),
      hasBias: u32(Number(bias !== null)),
      hasResidual: u32(Number(residual !== null)),
      ...activationParams(activation),
    },
    workgroups: walk.workgroups,
    bytes: part.rows * columns4 * POINTS * 16 + byteLength(y.spec) * share * (residual === null ? 1 : 2),
  });
}

export function runParams({ rows, firstRow, tilesY, tilesX }: Run, count: Operand | undefined) {
  return {
    rows: u32(rows),
    firstRow: u32(firstRow),
    tilesY: u32(tilesY),
    tilesX: u32(tilesX),
    rowsPerItem: u32(tilesY * tilesX),
    rowsCounted: u32(Number(count !== undefined)),
  };
}

/** How the transforms walk over tiles times channels: an item is some 70 loads and stores, so few of them are enough. */
export function tileWalk(
  capabilities: Capabilities,
  items: number,
  counted: boolean,
): { defines: { LANES: number }; params: Record<string, Param>; workgroups: [number, number, number] } {
  const lanes = capabilities.software ? capabilities.subgroupSize || 8 : 64;
  const steps = capabilities.software ? Math.max(1, Math.min(16, Math.floor(items / (lanes * 32)))) : 1;
  const { groups, params } = stridedGroups(Math.ceil(items / (lanes * steps)), counted && capabilities.software);
  const workgroups = spread(groups, capabilities.maxWorkgroupsPerDimension);
  return { defines: { LANES: lanes }, params: { ...params, steps: u32(steps) }, workgroups };
}
