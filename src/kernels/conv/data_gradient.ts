import dilateSource from '../../../shaders/conv/dilate.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from '../op';
import { featureMap, pitch, product } from '../tensor';
import { convCandidates, convolve } from './convolve';
import { dispatchPlainConv } from './plain';
import type { ConvProblem, ConvWindows } from './problem';

export interface ConvDataGradientAttributes extends ConvWindows {
  readonly groups: number;
  /** Height and width of the convolution's input. */
  readonly inputSize: [number, number];
}

/**
 * The gradient of a convolution by its input: inputs dy [N, OH, OW, O], weight dense [O, C / groups, kh, kw]; output
 * [N, H, W, C]. Item-wise. It is a convolution of dy, its pixels spread apart by the stride, with the weight reversed, and
 * takes the same variants; `plain` (a gather of any kind) for groups.
 */
export const convDataGradient: Op<ConvDataGradientAttributes> = {
  name: 'convDataGradient',
  itemwise: true,
  infer(inputs, { inputSize, groups }) {
    const { shape } = required(inputs, 0, 'convDataGradient');
    const weight = required(inputs, 1, 'convDataGradient').shape;
    if (shape.length !== 4 || weight.length !== 4 || shape[3] !== weight[0]) {
      throw new ShapeError(`convDataGradient: dy [${shape.join(', ')}] and weight [${weight.join(', ')}] do not fit`);
    }
    return [featureMap([shape[0], ...inputSize, weight[1] * groups])];
  },
  candidates(target, inputs, [dx], attributes) {
    const { shape } = required(inputs, 0, 'convDataGradient');
    const kernel = required(inputs, 1, 'convDataGradient').shape.slice(2) as [number, number];
    // the convolution that it is, but for the pixels between those of dy
    return convCandidates(target, { ...attributes, ...GATHERED, kernel, x: shape, y: dx.shape });
  },
  forward(context, inputs, [dx], attributes) {
    const dy = required(inputs, 0, 'convDataGradient');
    const weight = required(inputs, 1, 'convDataGradient');
    if (product(dx.spec.shape) === 0) {
      return;
    }
    const [kernelHeight, kernelWidth] = weight.spec.shape.slice(2);
    const kernel = [kernelHeight, kernelWidth] as const;
    if (context.variant === 'plain' || attributes.groups > 1) {
      const { stride, padding, dilation, groups } = attributes;
      const whole = { stride, padding, dilation, groups, kernel, bias: null, activation: 'none' } as const;
      dispatchPlainConv(context, { ...whole, transposed: true, x: dy, y: dx, weight });
      return;
    }
    dispatchReversed(context, dy, weight, dx, { ...attributes, kernel });
  },
};

const GATHERED: Pick<ConvWindows, 'stride' | 'padding'> = { stride: [1, 1], padding: [0, 0] };

function dispatchReversed(
  context: Lowering,
  dy: Operand,
  weight: Operand,
  dx: Operand,
  { stride, padding, dilation, kernel }: ConvWindows & { kernel: readonly [number, number] },
): void {
  const conv = {
    weight,
    kernel,
    dilation,
    stride: [1, 1],
    padding: [0, 1].map((axis) => dilation[axis] * (kernel[axis] - 1) - padding[axis]) as [number, number],
    groups: 1,
    bias: null,
    residual: null,
    activation: 'none',
    reversed: true,
  } satisfies Partial<ConvProblem>;
  const [n, oh, ow, o] = dy.spec.shape;
  if (stride.join() === '1,1') {
    convolve(context, { ...conv, x: dy, y: dx }, context.variant);
  } else if (kernel.join() === '1,1' && padding.join() === '0,0') {
    // most pixels of dx are zero: they are spread apart after the product, not before
    const narrow = counted(context.scratch(featureMap([n, oh, ow, dx.spec.shape[3]])), dy);
    convolve(context, { ...conv, x: dy, y: narrow }, context.variant);
    dilate(context, narrow, dx, stride);
  } else {
    const [height, width] = [(oh - 1) * stride[0] + 1, (ow - 1) * stride[1] + 1];
    const wide = counted(context.scratch(featureMap([n, height, width, o])), dy);
    dilate(context, dy, wide, stride);
    convolve(context, { ...conv, x: wide, y: dx }, context.variant);
  }
}

function counted(scratch: Operand, { count }: Operand): Operand {
  return count === undefined ? scratch : { ...scratch, count };
}

function dilate(context: Lowering, x: Operand, y: Operand, stride: readonly [number, number]): void {
  const [, sourceHeight, sourceWidth] = x.spec.shape;
  const [, height, width] = y.spec.shape;
  dispatchItemwise(context, { count: x.count }, vec4Units(y.spec), {
    kernel: 'conv/dilate',
    source: dilateSource,
    bindings: { x: read(x, 'vec4f'), y: write(y, 'vec4f') },
    params: {
      c4: u32(pitch(y.spec) / 4),
      height: u32(height),
      width: u32(width),
      sourceHeight: u32(sourceHeight),
      sourceWidth: u32(sourceWidth),
      strideY: u32(stride[0]),
      strideX: u32(stride[1]),
    },
  });
}
