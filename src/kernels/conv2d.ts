import { dispatchPlainConv } from './conv/plain';
import type { Conv2dAttributes, ConvProblem } from './conv/problem';
import { dispatchWinograd, prefersWinograd } from './conv/winograd';
import { defaultGemm, dispatchGemm } from './gemm/dispatch';
import { packedWeight } from './gemm/pack';
import { matrixWindow, type Window } from './gemm/problem';
import { required, ShapeError, type Lowering, type Op } from './op';
import { featureMap, pitch, product, type TensorSpec } from './tensor';

export type { Conv2dAttributes } from './conv/problem';

/**
 * Two-dimensional convolution, as torch.nn.functional.conv2d, with what follows it in residual networks:
 * y = activation(conv(x, weight) + bias + residual).
 *
 * Inputs: x [N, H, W, C], weight dense [O, C / groups, kh, kw], bias dense [O] or null, residual [N, OH, OW, O] or null.
 * Output: [N, OH, OW, O]. Item-wise: with a count on x only that many images are computed.
 *
 * Variants: `plain` (direct, any groups), `tiled` and `panel` (implicit GEMM, see shaders/gemm; groups 1), `winograd`
 * (F(4x4, 3x3), see conv/winograd.ts).
 */
export const conv2d: Op<Conv2dAttributes> = {
  name: 'conv2d',
  itemwise: true,
  infer: (inputs, attributes) => [inferConv2d(inputs, attributes)],
  forward(context, inputs, [y], attributes) {
    const conv = { x: required(inputs, 0, 'conv2d'), weight: required(inputs, 1, 'conv2d'), y, ...attributes };
    const bias = inputs[2] ?? null;
    const residual = inputs[3] ?? null;
    const [kernelHeight, kernelWidth] = conv.weight.spec.shape.slice(2);
    const problem = { ...conv, bias, residual, kernel: [kernelHeight, kernelWidth] as [number, number] };
    if (product(y.spec.shape) === 0) {
      return;
    }
    const variant = context.variant ?? chooseVariant(context, problem);
    switch (variant) {
      case 'plain':
        dispatchPlainConv(context, { ...problem, transposed: false });
        break;
      case 'winograd':
        dispatchWinograd(context, problem);
        break;
      case 'tiled':
      case 'panel':
        dispatchImplicitGemm(context, problem, variant);
        break;
      default:
        throw new ShapeError(`conv2d: no variant ${variant}`);
    }
  },
};

function inferConv2d(inputs: readonly (TensorSpec | null)[], attributes: Conv2dAttributes): TensorSpec {
  const { shape } = required(inputs, 0, 'conv2d');
  const weight = required(inputs, 1, 'conv2d').shape;
  const { stride, padding, dilation, groups } = attributes;
  if (shape.length !== 4 || weight.length !== 4) {
    throw new ShapeError(`conv2d: x [${shape.join(', ')}] and weight [${weight.join(', ')}] must have four axes`);
  }
  const [n, h, w, c] = shape;
  const [o, groupInputs, kh, kw] = weight;
  if (c !== groupInputs * groups || o % groups !== 0) {
    throw new ShapeError(`conv2d: weight [${weight.join(', ')}] with ${groups} groups does not fit ${c} channels`);
  }
  const [oh, ow] = [h, w].map((size, axis) => {
    const window = dilation[axis] * ([kh, kw][axis] - 1) + 1;
    return Math.floor((size + 2 * padding[axis] - window) / stride[axis]) + 1;
  });
  if (oh < 1 || ow < 1) {
    throw new ShapeError(`conv2d: a kernel of ${kh} x ${kw} does not fit into an image of ${h} x ${w}`);
  }
  const output = [n, oh, ow, o];
  checkShape('bias', inputs[2], [o]);
  checkShape('residual', inputs[3], output);
  return featureMap(output);
}

function checkShape(name: string, spec: TensorSpec | null | undefined, shape: readonly number[]): void {
  if (spec && spec.shape.join() !== shape.join()) {
    throw new ShapeError(`conv2d: ${name} has shape [${spec.shape.join(', ')}], not [${shape.join(', ')}]`);
  }
}

function chooseVariant(context: Lowering, conv: ConvProblem): string {
  if (conv.groups > 1) {
    return 'plain';
  }
  return prefersWinograd(context, conv) ? 'winograd' : defaultGemm(context.capabilities);
}

function dispatchImplicitGemm(context: Lowering, conv: ConvProblem, variant: 'tiled' | 'panel'): void {
  const { x, weight, y, bias, residual, kernel } = conv;
  if (conv.groups > 1) {
    throw new ShapeError(`conv2d: variant ${variant} has no groups`);
  }
  const [, h, w, inputs] = x.spec.shape;
  const [n, oh, ow, outputs] = y.spec.shape;
  const taps = kernel[0] * kernel[1];
  const axes = {
    outputs,
    inputs,
    taps,
    strideO: inputs * taps,
    strideC: taps,
    tapsIn: 'rows',
  } as const;
  const rows = n * oh * ow;
  const pointwise = taps === 1 && conv.stride.join() === '1,1' && conv.padding.join() === '0,0';
  const window: Window = pointwise
    ? matrixWindow(rows)
    : {
        input: [h, w],
        output: [oh, ow],
        kernelWidth: kernel[1],
        stride: conv.stride,
        padding: conv.padding,
        dilation: conv.dilation,
      };
  const problem = {
    a: x,
    ...packedWeight(context, weight, axes, variant),
    y,
    bias,
    residual,
    window,
    rows,
    k: taps * pitch(x.spec),
    c4: pitch(x.spec) / 4,
    columns4: pitch(y.spec) / 4,
    channels: outputs,
    count: x.count,
    rowsPerItem: oh * ow,
    activation: conv.activation,
    flops: 2 * rows * outputs * inputs * taps,
  };
  dispatchGemm(context, problem, variant);
}
