import packSource from '../../../shaders/gemm/pack.wgsl';
import transposeSource from '../../../shaders/gemm/transpose.wgsl';
import { i32, u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, write, type Lowering, type Operand } from '../op';
import type { GemmVariant } from './variants';
import { dense, featureMap, pitch, rows, roundUp, storedLength } from '../tensor';

/** A dense weight with axes output, input and tap in any order. */
export interface WeightAxes {
  readonly outputs: number;
  readonly inputs: number;
  readonly taps: number;
  /** Elements from one output to the next, and from one input to the next. Taps are contiguous. */
  readonly strideO: number;
  readonly strideC: number;
  /** The axis of B that the taps go to: `rows` to gather (tap, input), `columns` to scatter to (tap, output). */
  readonly tapsIn: 'rows' | 'columns';
  /** The last tap of the weight is the first of B. */
  readonly reversed?: boolean;
}

/** A matrix B in memory: groups of `lanes` vec4 columns, then its rows, then the columns of the group. */
export interface Packed {
  readonly b: Operand;
  readonly lanes: number;
}

/**
 * The vec4 columns that lie together in a packed B of `columns4`: all of them for `tiled`; for `panel` those of one
 * panel, so that it lies contiguous. On llvmpipe that is worth 28 % where few rows share a panel.
 */
export function packedLanes(context: Lowering, columns4: number, variant: GemmVariant): number {
  return variant === 'panel' ? context.capabilities.subgroupSize : columns4;
}

/** The weight as the B of a GEMM, padded to fours: computed once for each parameter, and at precision f16 kept as f16. */
export function packedWeight(context: Lowering, weight: Operand, axes: WeightAxes, variant: GemmVariant): Packed {
  const inputs = roundUp(axes.inputs, 4);
  const outputs = roundUp(axes.outputs, 4);
  const [rowTaps, columnTaps] = axes.tapsIn === 'rows' ? [axes.taps, 1] : [1, axes.taps];
  const rowCount = rowTaps * inputs;
  const columns4 = (columnTaps * outputs) / 4;
  const lanes = packedLanes(context, columns4, variant);
  const half = context.precision === 'f16' && weight.constantKey !== undefined;
  const spec = dense([rowCount, roundUp(columns4, lanes) * 4], half ? 'f16' : 'f32');
  const length = storedLength(spec) / 4;
  const name = `gemm ${half ? 'f16 ' : ''}${lanes} ${Object.values(axes).join(' ')}`;
  const b = context.derived(weight, name, spec, (ctx, target) => {
    dispatchItems(ctx, length, {
      kernel: 'gemm/pack',
      source: packSource,
      defines: { HALF: half },
      bindings: { w: read(weight, 'f32'), y: write(target, half ? 'vec4h' : 'vec4f') },
      params: {
        lanes: u32(lanes),
        rows: u32(rowCount),
        columns4: u32(columns4),
        tapColumns: u32(outputs / 4),
        rowChannels: u32(inputs),
        inputs: u32(axes.inputs),
        outputs: u32(axes.outputs),
        strideO: u32(axes.strideO),
        strideC: u32(axes.strideC),
        firstTap: u32(axes.reversed === true ? axes.taps - 1 : 0),
        tapStep: i32(axes.reversed === true ? -1 : 1),
      },
    });
  });
  return { b, lanes };
}

/** Scratch with the last two axes of `x` exchanged. */
export function transposed(context: Lowering, x: Operand): Operand {
  const { shape } = x.spec;
  const [m, n] = shape.slice(-2);
  const target = context.scratch(featureMap([...shape.slice(0, -2), n, m]));
  const pitch4 = pitch(target.spec) / 4;
  const length = rows(target.spec) * pitch4;
  dispatchItems(context, length, {
    kernel: 'gemm/transpose',
    source: transposeSource,
    bindings: { x: read(x, 'f32'), y: write(target, 'vec4f') },
    params: {
      pitch4: u32(pitch4),
      rows: u32(n),
      columns: u32(m),
      sourcePitch: u32(pitch(x.spec)),
    },
  });
  return target;
}
