import type { Activation } from './activation';
import { dispatchPlainConv } from './conv/plain';
import { dispatchPlainWeightGradient } from './conv/weight_gradient';
import { activationBackward } from './elementwise';
import { dispatchGemm } from './gemm/dispatch';
import { packedWeight } from './gemm/pack';
import { matrixWindow } from './gemm/problem';
import { defaultGemm, gemmCandidates, gemmVariant } from './gemm/variants';
import { dispatchWeightGradient } from './gemm/weight_gradient';
import { required, ShapeError, type Op, type Operand } from './op';
import { sumColumns } from './reduce';
import { dense, featureMap, pitch, product, storedLength } from './tensor';

/**
 * y = activation(x weight^T + bias), as torch.nn.functional.linear.
 *
 * Inputs: x [M, K] or [M, H, W, C], weight dense [O, K], bias dense [O] or null. For the four axes K is C * H * W in
 * PyTorch's order (the flattened NCHW map): packing permutes the weight to the map's order in memory, so x is not moved.
 * Output: [M, O]. Item-wise. Variants: `plain` and those of gemm/variants.ts.
 */
export const linear: Op<{ activation: Activation }> = {
  name: 'linear',
  itemwise: true,
  infer(inputs) {
    const { shape } = required(inputs, 0, 'linear');
    const weight = required(inputs, 1, 'linear').shape;
    if ((shape.length !== 2 && shape.length !== 4) || weight.length !== 2 || product(shape.slice(1)) !== weight[1]) {
      throw new ShapeError(`linear: weight [${weight.join(', ')}] does not fit x [${shape.join(', ')}]`);
    }
    const bias = inputs[2];
    if (bias && bias.shape.join() !== String(weight[0])) {
      throw new ShapeError(`linear: bias has shape [${bias.shape.join(', ')}], not [${weight[0]}]`);
    }
    return [featureMap([shape[0], weight[0]])];
  },
  candidates: (target, _inputs, [y]) => gemmCandidates(target, y.shape[0], y.shape[1]),
  forward(context, inputs, [y], { activation }) {
    const x = required(inputs, 0, 'linear');
    const weight = required(inputs, 1, 'linear');
    const bias = inputs[2] ?? null;
    const [rows, outputs] = y.spec.shape;
    if (rows * outputs === 0) {
      return;
    }
    const [height, width, channels] = itemSize(x.spec.shape.slice(1));
    const taps = height * width;
    const variant = context.variant ?? defaultGemm(context.capabilities);
    if (variant === 'plain') {
      dispatchPlainConv(context, {
        ...WHOLE_MAP,
        transposed: false,
        x: mapView(x, [rows, height, width, channels]),
        y: mapView(y, [rows, 1, 1, outputs]),
        weight,
        bias,
        kernel: [height, width],
        activation,
      });
      return;
    }
    const gemm = gemmVariant(variant, 'linear');
    const axes = {
      outputs,
      inputs: channels,
      taps,
      strideO: channels * taps,
      strideC: taps,
      tapsIn: 'rows',
    } as const;
    const k = storedLength(x.spec) / rows;
    const problem = {
      a: x,
      ...packedWeight(context, weight, axes, gemm),
      y,
      bias,
      window: matrixWindow(rows),
      rows,
      k,
      c4: k / 4,
      columns4: pitch(y.spec) / 4,
      channels: outputs,
      count: x.count,
      rowsPerItem: 1,
      activation,
      flops: 2 * rows * outputs * channels * taps,
    };
    dispatchGemm(context, problem, gemm);
  },
  backward(build, { inputs, outputs: [y], gradients, attributes, wanted }) {
    const [x, weight] = [required(inputs, 0, 'linear'), required(inputs, 1, 'linear')];
    const dy = activationBackward(build, attributes.activation, y, required(gradients, 0, 'linear'));
    return [
      wanted[0] ? build.apply1(linearDataGradient, [dy, weight], { itemShape: x.spec.shape.slice(1) }) : null,
      wanted[1] ? build.apply1(linearWeightGradient, [x, dy], {}) : null,
      wanted[2] ? build.apply1(sumColumns, [dy], {}) : null,
    ];
  },
};

/** The whole area of a map as one window. */
const WHOLE_MAP = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

function mapView(operand: Operand, shape: number[]): Operand {
  return { ...operand, spec: featureMap(shape) };
}

/** Height, width and channels of an item of x: a matrix is a map of one pixel. */
function itemSize(shape: readonly number[]): [height: number, width: number, channels: number] {
  return shape.length === 1 ? [1, 1, shape[0]] : [shape[0], shape[1], shape[2]];
}

/** dx = dy weight. Inputs: dy [M, O], weight dense [O, K]; output [M, ..itemShape]. Item-wise. Variants as linear. */
const linearDataGradient: Op<{ itemShape: readonly number[] }> = {
  name: 'linearDataGradient',
  itemwise: true,
  infer: (inputs, { itemShape }) => [featureMap([required(inputs, 0, 'linearDataGradient').shape[0], ...itemShape])],
  candidates: (target, _inputs, [dx]) => gemmCandidates(target, dx.shape[0], product(dx.shape.slice(1))),
  forward(context, inputs, [dx], { itemShape }) {
    const dy = required(inputs, 0, 'linearDataGradient');
    const weight = required(inputs, 1, 'linearDataGradient');
    const [rows, outputs] = dy.spec.shape;
    const [height, width, channels] = itemSize(itemShape);
    if (product(dx.spec.shape) === 0) {
      return;
    }
    const variant = context.variant ?? defaultGemm(context.capabilities);
    if (variant === 'plain') {
      dispatchPlainConv(context, {
        ...WHOLE_MAP,
        transposed: true,
        x: mapView(dy, [rows, 1, 1, outputs]),
        y: mapView(dx, [rows, height, width, channels]),
        weight,
        bias: null,
        kernel: [height, width],
        activation: 'none',
      });
      return;
    }
    const gemm = gemmVariant(variant, 'linear');
    const taps = height * width;
    const axes = {
      outputs: channels,
      inputs: outputs,
      taps,
      strideO: taps,
      strideC: channels * taps,
      tapsIn: 'columns',
    } as const;
    const columns = storedLength(dx.spec) / rows;
    const problem = {
      a: dy,
      ...packedWeight(context, weight, axes, gemm),
      y: dx,
      window: matrixWindow(rows),
      rows,
      k: pitch(dy.spec),
      c4: pitch(dy.spec) / 4,
      columns4: columns / 4,
      channels: columns,
      count: dy.count,
      rowsPerItem: 1,
      flops: 2 * rows * outputs * channels * taps,
    };
    dispatchGemm(context, problem, gemm);
  },
};

/** dweight = dy^T x. Inputs: x [M, K] or [M, H, W, C], dy [M, O]; output dense [O, K]. Variants as linear. */
const linearWeightGradient: Op<Record<string, never>> = {
  name: 'linearWeightGradient',
  infer(inputs) {
    const x = required(inputs, 0, 'linearWeightGradient').shape;
    return [dense([required(inputs, 1, 'linearWeightGradient').shape[1], product(x.slice(1))])];
  },
  candidates: (target, _inputs, [dw]) => gemmCandidates(target, dw.shape[1], dw.shape[0]),
  forward(context, inputs, [dw]) {
    const x = required(inputs, 0, 'linearWeightGradient');
    const dy = required(inputs, 1, 'linearWeightGradient');
    const [height, width, channels] = itemSize(x.spec.shape.slice(1));
    const taps = height * width;
    const variant = context.variant ?? defaultGemm(context.capabilities);
    if (variant === 'plain') {
      const [rows, outputs] = dy.spec.shape;
      dispatchPlainWeightGradient(
        context,
        mapView(x, [rows, height, width, channels]),
        mapView(dy, [rows, 1, 1, outputs]),
        dw,
        { ...WHOLE_MAP, kernel: [height, width] },
      );
      return;
    }
    const gradient = {
      a: x,
      window: matrixWindow(x.spec.shape[0]),
      k: taps * pitch(x.spec),
      c4: (taps * pitch(x.spec)) / 4,
      dy,
      rowsPerItem: 1,
      dw,
      inputs: channels,
      taps,
    };
    dispatchWeightGradient(context, gradient, gemmVariant(variant, 'linear'));
  },
};
