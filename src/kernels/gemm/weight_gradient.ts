import innerSource from '../../../shaders/gemm/inner.wgsl';
import rowsSource from '../../../shaders/gemm/rows.wgsl';
import unpackSource from '../../../shaders/gemm/unpack.wgsl';
import windowsSource from '../../../shaders/gemm/windows.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, write, type Lowering, type Operand } from '../op';
import { dense, featureMap, pitch, product, rows, roundUp, storedLength } from '../tensor';
import { dispatchGemm } from './dispatch';
import { matrixWindow, windowParams, type Window } from './problem';
import type { GemmVariant } from './variants';

/** The gradient of B in y = A B: the sum over the rows of A of the outer products with those of dy. */
export interface WeightGradient {
  /** A: a matrix, or a feature map whose windows are its rows. */
  readonly a: Operand;
  readonly window: Window;
  /** Values of a row of A, and vec4s of one tap of its window, as in GemmProblem. */
  readonly k: number;
  readonly c4: number;
  /** As many rows as A has; its count, in items of `rowsPerItem` rows, holds for both. */
  readonly dy: Operand;
  readonly rowsPerItem: number;
  /** Dense, of axes (output, input, tap) in this order; the k axis of A is (tap, input padded to fours). */
  readonly dw: Operand;
  readonly inputs: number;
  readonly taps: number;
}

/**
 * Rows of A are taken in runs whose transposed windows fit, each run's product is added to the sum of those before. Runs
 * depend on the shape alone, so that results repeat bit by bit.
 */
const SCRATCH_BYTES = 16 * 2 ** 20;

export function dispatchWeightGradient(context: Lowering, gradient: WeightGradient, variant: GemmVariant): void {
  const { a, window, k, c4, dy, rowsPerItem, dw, inputs, taps } = gradient;
  const outputs = dy.spec.shape.at(-1) ?? 0;
  const flops = 2 * rows(dy.spec) * taps * inputs * outputs;
  const items = { count: dy.count, rowsPerItem };
  if (suitsTransposed(gradient, outputs)) {
    const left = { a: dy, window: matrixWindow(rows(dy.spec)), k: pitch(dy.spec), c4: pitch(dy.spec) / 4 };
    const y = { ...dw, spec: featureMap([outputs, inputs]) };
    dispatchOuterProducts(context, { left, rows: outputs, b: a, y, items, flops }, variant);
    return;
  }
  const sum = context.scratch(featureMap([k, outputs]));
  dispatchOuterProducts(context, { left: { a, window, k, c4 }, rows: k, b: dy, y: sum, items, flops }, variant);
  dispatchItems(context, storedLength(dw.spec), {
    kernel: 'gemm/unpack',
    source: unpackSource,
    bindings: { x: read(sum, 'f32'), y: write(dw, 'f32') },
    params: {
      taps: u32(taps),
      inputs: u32(inputs),
      rowChannels: u32(k / taps),
      pitch: u32(pitch(sum.spec)),
    },
    bytes: 8 * product(dw.spec.shape),
  });
}

/** Rows of A that cost as much as to fill a panel, or to transpose a column: about, on llvmpipe. */
const [FILL, TRANSPOSE] = [14, 20];
const PANEL_COLUMNS = 32;

/**
 * Whether A is a matrix that is better the right factor, with dy transposed instead: where outputs are few, they would fill
 * a panel badly. The product then is dw as it lies in memory.
 */
function suitsTransposed({ window, inputs, taps }: WeightGradient, outputs: number): boolean {
  const cost = (left: number, right: number): number =>
    roundUp(right, PANEL_COLUMNS) * (FILL + left) + TRANSPOSE * left;
  const isMatrix = window.input[0] === 1 && window.input.join() === window.output.join();
  return isMatrix && taps === 1 && inputs % 4 === 0 && cost(outputs, inputs) < cost(inputs, outputs);
}

interface OuterProducts {
  /** What is transposed: a matrix, or a feature map whose windows are its rows, of `k` values. */
  readonly left: Pick<WeightGradient, 'a' | 'window' | 'k' | 'c4'>;
  /** Of y: the first so many of `k`. */
  readonly rows: number;
  readonly b: Operand;
  readonly y: Operand;
  readonly items: Pick<WeightGradient['dy'], 'count'> & Pick<WeightGradient, 'rowsPerItem'>;
  readonly flops: number;
}

/** y = left^T b. */
function dispatchOuterProducts(
  context: Lowering,
  { left: { a, window, k, c4 }, rows: rowsOfY, b, y, items: { count, rowsPerItem }, flops }: OuterProducts,
  variant: GemmVariant,
): void {
  const total = rows(b.spec);
  const run = Math.max(4, Math.min(roundUp(total, 4), Math.floor(SCRATCH_BYTES / (k * 4) / 4) * 4));
  const columns = context.scratch(dense([k, run]));
  // at least once, so that the gradient over no rows is zero
  for (let firstRow = 0; firstRow === 0 || firstRow < total; firstRow += run) {
    const length = Math.min(run, total - firstRow);
    const pixels4 = run / 4;
    dispatchItems(context, (k / 4) * pixels4, {
      kernel: 'gemm/windows',
      source: rowsSource + innerSource + windowsSource,
      bindings: { a: read(a, 'vec4f'), count: read(count ?? a, 'u32'), y: write(columns, 'vec4f') },
      params: {
        pixels4: u32(pixels4),
        c4: u32(c4),
        k: u32(length),
        rows: u32(0),
        rowsCounted: u32(0),
        kCounted: u32(Number(count !== undefined)),
        rowsPerItem: u32(rowsPerItem),
        firstRow: u32(firstRow),
        ...windowParams(window),
      },
    });
    const problem = {
      a: columns,
      b,
      firstB: (firstRow * pitch(b.spec)) / 4,
      y,
      window: matrixWindow(rowsOfY),
      rows: rowsOfY,
      k: length,
      c4: pixels4,
      columns4: pitch(b.spec) / 4,
      channels: b.spec.shape.at(-1) ?? 0,
      count,
      countLimits: 'k',
      rowsPerItem,
      firstRow,
      accumulate: firstRow > 0,
      flops: (flops * length) / Math.max(total, 1),
    } as const;
    dispatchGemm(context, problem, variant);
  }
}
