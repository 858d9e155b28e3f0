import type { Activation } from './activation';
import { dispatchPlainConv } from './conv/plain';
import { defaultGemm, dispatchGemm } from './gemm/dispatch';
import { packedWeight } from './gemm/pack';
import { matrixWindow } from './gemm/problem';
import { required, ShapeError, type Op, type Operand } from './op';
import { featureMap, pitch, product, storedLength } from './tensor';

/**
 * y = activation(x weight^T + bias), as torch.nn.functional.linear.
 *
 * Inputs: x [M, K] or [M, H, W, C], weight dense [O, K], bias dense [O] or null. For the four axes K is C * H * W in
 * PyTorch's order (the flattened NCHW map): packing permutes the weight to the map's order in memory, so x is not moved.
 * Output: [M, O]. Item-wise. Variants: `plain`, `tiled`, `panel`.
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
  forward(context, inputs, [y], { activation }) {
    const x = required(inputs, 0, 'linear');
    const weight = required(inputs, 1, 'linear');
    const bias = inputs[2] ?? null;
    const [rows, outputs] = y.spec.shape;
    if (rows * outputs === 0) {
      return;
    }
    // a matrix is a map of one pixel; a map's whole area is one window
    const [height, width, channels] = x.spec.shape.length === 2 ? [1, 1, x.spec.shape[1]] : x.spec.shape.slice(1);
    const taps = height * width;
    const variant = context.variant ?? defaultGemm(context.capabilities);
    if (variant === 'plain') {
      const view = (operand: Operand, shape: number[]): Operand => ({ ...operand, spec: featureMap(shape) });
      dispatchPlainConv(context, {
        transposed: false,
        x: view(x, [rows, height, width, channels]),
        y: view(y, [rows, 1, 1, outputs]),
        weight,
        bias,
        kernel: [height, width],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
        groups: 1,
        activation,
      });
      return;
    }
    if (variant !== 'tiled' && variant !== 'panel') {
      throw new ShapeError(`linear: no variant ${variant}`);
    }
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
      ...packedWeight(context, weight, axes, variant),
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
    dispatchGemm(context, problem, variant);
  },
};
