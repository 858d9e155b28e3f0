import plainSource from '../../../shaders/conv/plain_weight_gradient.wgsl';
import { u32 } from '../../gpu/kernel';
import { windowParams } from '../gemm/problem';
import { gemmCandidates, gemmVariant } from '../gemm/variants';
import { dispatchWeightGradient } from '../gemm/weight_gradient';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand, type Target } from '../op';
import { dense, pitch, product } from '../tensor';
import { convWindow } from './convolve';
import type { ConvWindows } from './problem';
import { fitsWinograd } from './winograd';
import { dispatchWinogradWeightGradient, prefersWinogradWeightGradient } from './winograd_weight_gradient';

export interface ConvWeightGradientAttributes extends ConvWindows {
  readonly groups: number;
  readonly kernel: [height: number, width: number];
}

/**
 * The gradient of a convolution by its weight: inputs x [N, H, W, C], dy [N, OH, OW, O], whose count, where it has one, says
 * how many images are summed over; output dense [O, C / groups, kh, kw]. Variants: `plain` (any groups), `tiled`, `panel` and `winograd`.
 */
export const convWeightGradient: Op<ConvWeightGradientAttributes> = {
  name: 'convWeightGradient',
  infer(inputs, { groups, kernel }) {
    const x = required(inputs, 0, 'convWeightGradient').shape;
    const dy = required(inputs, 1, 'convWeightGradient').shape;
    if (x.length !== 4 || dy.length !== 4 || x[0] !== dy[0]) {
      throw new ShapeError(`convWeightGradient: x [${x.join(', ')}] and dy [${dy.join(', ')}] do not fit`);
    }
    return [dense([dy[3], x[3] / groups, ...kernel])];
  },
  candidates: (target, inputs, _outputs, attributes) =>
    candidates(
      target,
      required(inputs, 0, 'convWeightGradient').shape,
      required(inputs, 1, 'convWeightGradient').shape,
      attributes,
    ),
  forward(context, inputs, [dw], attributes) {
    const x = required(inputs, 0, 'convWeightGradient');
    const dy = required(inputs, 1, 'convWeightGradient');
    const { groups, kernel } = attributes;
    const variant = context.variant ?? candidates(context, x.spec.shape, dy.spec.shape, attributes)[0];
    if (variant === 'plain') {
      dispatchPlainWeightGradient(context, x, dy, dw, attributes);
    } else if (groups > 1 || (variant === 'winograd' && !fitsWinograd(attributes))) {
      throw new ShapeError(`convWeightGradient: no variant ${variant} for this kernel, stride, dilation or groups`);
    } else if (variant === 'winograd') {
      dispatchWinogradWeightGradient(context, x, dy, dw, attributes.padding);
    } else {
      const [, height, width] = dy.spec.shape;
      const gradient = {
        a: x,
        window: convWindow({ ...attributes, x, y: dy }),
        k: product(kernel) * pitch(x.spec),
        c4: pitch(x.spec) / 4,
        dy,
        rowsPerItem: height * width,
        dw,
        inputs: x.spec.shape[3],
        taps: product(kernel),
      };
      dispatchWeightGradient(context, gradient, gemmVariant(variant, 'convWeightGradient'));
    }
  },
};

function candidates(
  target: Target,
  x: readonly number[],
  dy: readonly number[],
  attributes: ConvWeightGradientAttributes,
): readonly string[] {
  if (attributes.groups > 1) {
    return ['plain'];
  }
  const gemms = gemmCandidates(target, product(attributes.kernel) * x[3], dy[3]);
  if (!fitsWinograd(attributes)) {
    return gemms;
  }
  return prefersWinogradWeightGradient(target.capabilities, x, dy) ? ['winograd', ...gemms] : [...gemms, 'winograd'];
}

/** The reference: one element of the weight at a time. */
export function dispatchPlainWeightGradient(
  context: Lowering,
  x: Operand,
  dy: Operand,
  dw: Operand,
  {
    kernel,
    stride,
    padding,
    dilation,
    groups,
  }: Readonly<Record<keyof ConvWindows | 'kernel', readonly [number, number]>> & { readonly groups: number },
): void {
  const [images, inputHeight, inputWidth, inputs] = x.spec.shape;
  const [, outputHeight, outputWidth, outputs] = dy.spec.shape;
  const window = {
    input: [inputHeight, inputWidth],
    output: [outputHeight, outputWidth],
    kernelWidth: kernel[1],
    stride,
    padding,
    dilation,
  } as const;
  const { count } = dy;
  dispatchItems(context, product(dw.spec.shape), {
    kernel: 'conv/plain_weight_gradient',
    source: plainSource,
    defines: { LIMITED: count !== undefined },
    bindings: {
      a: read(x, 'f32'),
      g: read(dy, 'f32'),
      ...(count === undefined ? {} : { limit: read(count, 'u32') }),
      w: write(dw, 'f32'),
    },
    params: {
      images: u32(images),
      ...windowParams(window),
      inputPitch: u32(pitch(x.spec)),
      outputPitch: u32(pitch(dy.spec)),
      groupInputs: u32(inputs / groups),
      groupOutputs: u32(outputs / groups),
      taps: u32(product(kernel)),
    },
    flops: 2 * product(dy.spec.shape) * product(dw.spec.shape.slice(1)),
  });
}
