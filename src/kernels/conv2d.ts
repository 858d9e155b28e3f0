import { convCandidates, convolve } from './conv/convolve';
import { convDataGradient } from './conv/data_gradient';
import type { Conv2dAttributes } from './conv/problem';
import { convWeightGradient } from './conv/weight_gradient';
import { activationBackward } from './elementwise';
import { required, ShapeError, type Op } from './op';
import { sumColumns } from './reduce';
import { featureMap, type TensorSpec } from './tensor';

export type { Conv2dAttributes } from './conv/problem';

/**
 * Two-dimensional convolution, as torch.nn.functional.conv2d, with what follows it in residual networks:
 * y = activation(conv(x, weight) + bias + residual).
 *
 * Inputs: x [N, H, W, C], weight dense [O, C / groups, kh, kw], bias dense [O] or null, residual [N, OH, OW, O] or null.
 * Output: [N, OH, OW, O]. Item-wise: with a count on x only that many images are computed.
 *
 * Variants: `plain` (direct, any groups), those of the implicit GEMM (see gemm/variants.ts; groups 1), `winograd`
 * (F(4x4, 3x3), see conv/winograd.ts).
 */
export const conv2d: Op<Conv2dAttributes> = {
  name: 'conv2d',
  itemwise: true,
  infer: (inputs, attributes) => [inferConv2d(inputs, attributes)],
  candidates(target, inputs, [y], attributes) {
    const kernel = required(inputs, 1, 'conv2d').shape.slice(2) as [number, number];
    return convCandidates(target, { ...attributes, kernel, x: required(inputs, 0, 'conv2d').shape, y: y.shape });
  },
  forward(context, inputs, [y], attributes) {
    const weight = required(inputs, 1, 'conv2d');
    const [kernelHeight, kernelWidth] = weight.spec.shape.slice(2);
    const problem = {
      x: required(inputs, 0, 'conv2d'),
      weight,
      y,
      bias: inputs[2] ?? null,
      residual: inputs[3] ?? null,
      kernel: [kernelHeight, kernelWidth] as const,
      ...attributes,
    };
    convolve(context, problem, context.variant);
  },
  backward(build, { inputs, outputs: [y], gradients, attributes, wanted }) {
    const [x, weight] = [required(inputs, 0, 'conv2d'), required(inputs, 1, 'conv2d')];
    const { activation, ...windows } = attributes;
    const dy = activationBackward(build, activation, y, required(gradients, 0, 'conv2d'));
    const [, height, width] = x.spec.shape;
    const [kernelHeight, kernelWidth] = weight.spec.shape.slice(2);
    return [
      wanted[0] ? build.apply1(convDataGradient, [dy, weight], { ...windows, inputSize: [height, width] }) : null,
      wanted[1] ? build.apply1(convWeightGradient, [x, dy], { ...windows, kernel: [kernelHeight, kernelWidth] }) : null,
      wanted[2] ? build.apply1(sumColumns, [dy], {}) : null,
      wanted[3] ? dy : null,
    ];
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
