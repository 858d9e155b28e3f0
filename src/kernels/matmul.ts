import plainSource from '../../shaders/gemm/plain.wgsl';
import { u32 } from '../gpu/kernel';
import { dispatchGemm } from './gemm/dispatch';
import { transposed } from './gemm/pack';
import { matrixWindow } from './gemm/problem';
import { defaultGemm, gemmCandidates, gemmVariant } from './gemm/variants';
import { dispatchItems } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { featureMap, pitch, product, storedLength } from './tensor';

export interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Batched matrix product: y[..] = A[..] B[..], each operand optionally transposed in its last two axes first.
 *
 * Inputs: a [..batch, M, K] (transposed: [..batch, K, M]), b [..batch, K, N] (transposed: [..batch, N, K]), batch axes
 * equal. Output: [..batch, M, N]. Variants: `plain` and those of gemm/variants.ts, which transpose into scratch first.
 */
export const matmul: Op<MatmulAttributes> = {
  name: 'matmul',
  infer(inputs, attributes) {
    const a = required(inputs, 0, 'matmul').shape;
    const b = required(inputs, 1, 'matmul').shape;
    const [m, k] = attributes.transposeA ? a.slice(-2).reverse() : a.slice(-2);
    const [inner, n] = attributes.transposeB ? b.slice(-2).reverse() : b.slice(-2);
    const batch = a.slice(0, -2);
    if (a.length < 2 || k !== inner || batch.join() !== b.slice(0, -2).join()) {
      throw new ShapeError(`matmul: [${a.join(', ')}] and [${b.join(', ')}] do not fit`);
    }
    return [featureMap([...batch, m, n])];
  },
  candidates: (target, _inputs, [{ shape }]) =>
    gemmCandidates(target, shape.at(-2) ?? 0, shape.at(-1) ?? 0, product(shape.slice(0, -2))),
  forward(context, inputs, [y], { transposeA, transposeB }) {
    const a = required(inputs, 0, 'matmul');
    const b = required(inputs, 1, 'matmul');
    if (product(y.spec.shape) === 0) {
      return;
    }
    const variant = context.variant ?? defaultGemm(context.capabilities);
    if (variant === 'plain') {
      dispatchPlain(context, a, b, y, { transposeA, transposeB });
      return;
    }
    const left = transposeA ? transposed(context, a) : a;
    const right = transposeB ? transposed(context, b) : b;
    const [rows, k] = left.spec.shape.slice(-2);
    const channels = y.spec.shape.at(-1) ?? 0;
    const c4 = pitch(left.spec) / 4;
    const columns4 = pitch(y.spec) / 4;
    const size = product(y.spec.shape.slice(0, -2));
    const problem = {
      a: left,
      b: right,
      y,
      window: matrixWindow(rows),
      rows,
      k,
      c4,
      columns4,
      channels,
      batch: { size, a: rows * c4, b: k * columns4, y: rows * columns4 },
      flops: 2 * size * rows * channels * k,
    };
    dispatchGemm(context, problem, gemmVariant(variant, 'matmul'));
  },
  backward(build, { inputs, gradients, attributes: { transposeA, transposeB }, wanted }) {
    const [a, b, dy] = [required(inputs, 0, 'matmul'), required(inputs, 1, 'matmul'), required(gradients, 0, 'matmul')];
    const product = (left: typeof a, transposeLeft: boolean, right: typeof a, transposeRight: boolean) =>
      build.apply1(matmul, [left, right], { transposeA: transposeLeft, transposeB: transposeRight });
    return [
      !wanted[0] ? null : transposeA ? product(b, transposeB, dy, true) : product(dy, false, b, !transposeB),
      !wanted[1] ? null : transposeB ? product(dy, true, a, transposeA) : product(a, !transposeA, dy, false),
    ];
  },
};

function dispatchPlain(context: Lowering, a: Operand, b: Operand, y: Operand, attributes: MatmulAttributes): void {
  const [rows, columns] = y.spec.shape.slice(-2);
  const k = a.spec.shape.at(attributes.transposeA ? -2 : -1) ?? 0;
  const strides = (operand: Operand, isTransposed: boolean): [row: number, column: number] =>
    isTransposed ? [1, pitch(operand.spec)] : [pitch(operand.spec), 1];
  const [rowA, columnA] = strides(a, attributes.transposeA);
  const [rowB, columnB] = strides(b, attributes.transposeB);
  dispatchItems(context, storedLength(y.spec), {
    kernel: 'gemm/plain',
    source: plainSource,
    bindings: { a: read(a, 'f32'), b: read(b, 'f32'), y: write(y, 'f32') },
    params: {
      pitch: u32(pitch(y.spec)),
      rows: u32(rows),
      columns: u32(columns),
      k: u32(k),
      rowA: u32(rowA),
      columnA: u32(columnA),
      rowB: u32(rowB),
      columnB: u32(columnB),
      batchA: u32((a.spec.shape.at(-2) ?? 0) * pitch(a.spec)),
      batchB: u32((b.spec.shape.at(-2) ?? 0) * pitch(b.spec)),
    },
    flops: 2 * product(y.spec.shape) * k,
  });
}
