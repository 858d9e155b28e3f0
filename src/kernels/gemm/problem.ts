import { i32, u32, type Param } from '../../gpu/kernel';
import { activationParams, type Activation } from '../activation';
import { read, write, type Operand, type OpKernelCall } from '../op';
import { byteLength } from '../tensor';

/** How the rows of A lie over a feature map: row r is the window of output pixel r, in N, H, W order. */
export interface Window {
  readonly input: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  readonly kernelWidth: number;
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/**
 * y = activation(A B + bias + residual), for A a matrix or the windows of a feature map. Columns are padded to fours, as
 * the last axis of `y`; the k axis of A is (tap y, tap x, channel), each tap's channels padded to fours.
 */
export interface GemmProblem {
  readonly a: Operand;
  /** `k` rows of `columns4` vec4s, row by row or packed (see Packed in pack.ts), of f32 or f16. */
  readonly b: Operand;
  /** vec4 columns that lie together where `b` is packed for `panel`. */
  readonly lanes?: number;
  /** Rows of the whole packed `b`, where the product takes but some of them; left out, `k`. */
  readonly packedK?: number;
  readonly y: Operand;
  readonly bias?: Operand | null;
  readonly residual?: Operand | null;
  readonly window: Window;
  readonly rows: number;
  readonly k: number;
  /** vec4s of one tap's channels. */
  readonly c4: number;
  readonly columns4: number;
  /** Values of the last axis of `y`, without padding. */
  readonly channels: number;
  /** Independent problems in the same tensors, and the vec4s from one to the next. */
  readonly batch?: { readonly size: number; readonly a: number; readonly b: number; readonly y: number };
  /** Columns are (tap y, tap x, channel) and go to a block of that many output pixels for each row. */
  readonly block?: readonly [height: number, width: number];
  /** Items in use, and where the rows (of A, or those of B, which are k) stand among theirs. */
  readonly count?: Operand | undefined;
  readonly countLimits?: 'rows' | 'k';
  readonly rowsPerItem?: number;
  readonly firstRow?: number;
  /** The vec4 of `b` that the product begins at. */
  readonly firstB?: number;
  /** Add the product to what `y` holds; without bias, residual and activation. */
  readonly accumulate?: boolean;
  readonly activation?: Activation;
  readonly flops: number;
}

/** The window of a matrix: row r is row r. */
export function matrixWindow(rows: number): Window {
  return { input: [1, rows], output: [1, rows], kernelWidth: 1, stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
}

/** A window as the kernels get it. */
export function windowParams(window: Window): Record<string, Param> {
  const { input, output, kernelWidth, stride, padding, dilation } = window;
  return {
    inputHeight: u32(input[0]),
    inputWidth: u32(input[1]),
    outputHeight: u32(output[0]),
    outputWidth: u32(output[1]),
    kernelWidth: u32(kernelWidth),
    strideY: u32(stride[0]),
    strideX: u32(stride[1]),
    paddingY: i32(padding[0]),
    paddingX: i32(padding[1]),
    dilationY: u32(dilation[0]),
    dilationX: u32(dilation[1]),
  };
}

/** What shaders/gemm/panel.wgsl and tiled.wgsl have in common. */
export function gemmCall(problem: GemmProblem): Pick<OpKernelCall, 'flops' | 'bytes' | 'bindings'> & {
  params: Record<string, Param>;
} {
  const { a, b, y, bias = null, residual = null, count, window, batch } = problem;
  const [blockHeight, blockWidth] = problem.block ?? [1, 1];
  const tapColumns = problem.columns4 / (blockHeight * blockWidth);
  const tapRow = window.output[1] * blockWidth * tapColumns;
  const traffic = [a, b, y, bias, residual].filter((operand) => operand !== null);
  return {
    flops: problem.flops,
    bytes: traffic.reduce((sum, { spec }) => sum + byteLength(spec), 0),
    bindings: {
      a: read(a, 'vec4f'),
      b: read(b, b.spec.dtype === 'f16' ? 'vec4h' : 'vec4f'),
      bias: read(bias ?? b, 'f32'),
      residual: read(residual ?? b, 'vec4f'),
      count: read(count ?? b, 'u32'),
      y: write(y, 'vec4f'),
    },
    params: {
      rows: u32(problem.rows),
      k: u32(problem.k),
      c4: u32(problem.c4),
      columns4: u32(problem.columns4),
      channels: u32(problem.channels),
      ...windowParams(window),
      batchA: u32(batch?.a ?? 0),
      batchB: u32(batch?.b ?? 0),
      firstB: u32(problem.firstB ?? 0),
      batchY: u32(batch?.y ?? 0),
      tapColumns: u32(tapColumns),
      tapWidth: u32(blockWidth),
      tapRow: u32(tapRow),
      outRow: u32(blockHeight * tapRow),
      outColumn: u32(blockWidth * tapColumns),
      rowsPerItem: u32(problem.rowsPerItem ?? 1),
      firstRow: u32(problem.firstRow ?? 0),
      rowsCounted: u32(Number(count !== undefined && problem.countLimits !== 'k')),
      kCounted: u32(Number(count !== undefined && problem.countLimits === 'k')),
      accumulate: u32(Number(problem.accumulate === true)),
      hasBias: u32(Number(bias !== null)),
      hasResidual: u32(Number(residual !== null)),
      ...activationParams(problem.activation ?? 'none'),
    },
  };
}
