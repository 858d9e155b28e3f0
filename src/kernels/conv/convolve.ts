import { dispatchGemm } from '../gemm/dispatch';
import { packedWeight } from '../gemm/pack';
import { matrixWindow, type Window } from '../gemm/problem';
import { gemmCandidates, gemmVariant, type GemmVariant } from '../gemm/variants';
import { ShapeError, type Lowering, type Target } from '../op';
import { pitch, product } from '../tensor';
import { dispatchPlainConv } from './plain';
import { weightStrides, type ConvProblem, type ConvShape, type ConvWindows } from './problem';
import { dispatchWinograd, fitsWinograd, prefersWinograd } from './winograd';

/** Dispatches a convolution by the variant named, or the one that suits the device and the shape. */
export function convolve(context: Lowering, conv: ConvProblem, variant = usualVariant(context, conv)): void {
  if (product(conv.y.spec.shape) === 0) {
    return;
  }
  switch (variant) {
    case 'plain':
      dispatchPlainConv(context, { ...conv, transposed: false });
      break;
    case 'winograd':
      dispatchWinograd(context, conv);
      break;
    default:
      dispatchImplicitGemm(context, conv, gemmVariant(variant, 'conv2d'));
  }
}

function usualVariant(target: Target, conv: ConvProblem): string {
  return convCandidates(target, { ...conv, x: conv.x.spec.shape, y: conv.y.spec.shape })[0];
}

/** The variants that are worth measuring for a convolution, the usual choice first. */
export function convCandidates(target: Target, conv: ConvShape): readonly string[] {
  if (conv.groups > 1) {
    return ['plain'];
  }
  const [images, height, width, outputs] = conv.y;
  const gemms = gemmCandidates(target, images * height * width, outputs);
  if (!fitsWinograd(conv) || target.precision === 'f16') {
    return gemms;
  }
  return prefersWinograd(target.capabilities, conv) ? ['winograd', ...gemms] : [...gemms, 'winograd'];
}

/** How the rows of A lie over the input: those of a matrix where each output pixel takes from one input pixel. */
export function convWindow(conv: ConvWindows & Pick<ConvProblem, 'x' | 'y' | 'kernel'>): Window {
  const [, height, width] = conv.x.spec.shape;
  const [n, outputHeight, outputWidth] = conv.y.spec.shape;
  const { kernel, stride, padding, dilation } = conv;
  const pointwise = kernel.join() === '1,1' && stride.join() === '1,1' && padding.join() === '0,0';
  return pointwise
    ? matrixWindow(n * outputHeight * outputWidth)
    : {
        input: [height, width],
        output: [outputHeight, outputWidth],
        kernelWidth: kernel[1],
        stride,
        padding,
        dilation,
      };
}

function dispatchImplicitGemm(context: Lowering, conv: ConvProblem, variant: GemmVariant): void {
  const { x, weight, y, bias, residual, kernel } = conv;
  if (conv.groups > 1) {
    throw new ShapeError(`conv2d: variant ${variant} has no groups`);
  }
  const inputs = x.spec.shape[3];
  const [n, oh, ow, outputs] = y.spec.shape;
  const taps = kernel[0] * kernel[1];
  const axes = { outputs, inputs, taps, ...weightStrides(conv), tapsIn: 'rows' } as const;
  const rows = n * oh * ow;
  const problem = {
    a: x,
    ...packedWeight(context, weight, axes, variant),
    y,
    bias,
    residual,
    window: convWindow(conv),
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
