import type { Activation } from './activation';
import { convWeightGradient } from './conv/weight_gradient';
import { dispatchPlainConv } from './conv/plain';
import { conv2d } from './conv2d';
import { activationBackward } from './elementwise';
import { dispatchGemm } from './gemm/dispatch';
import { packedWeight } from './gemm/pack';
import { gemmCandidates, gemmVariant, type GemmVariant } from './gemm/variants';
import { required, ShapeError, type Lowering, type Op, type Operand, type Target } from './op';
import { sumColumns } from './reduce';
import { featureMap, pitch, product, type TensorSpec } from './tensor';

export interface ConvTranspose2dAttributes {
  readonly stride: [number, number];
  readonly padding: [number, number];
  readonly outputPadding: [number, number];
  readonly dilation: [number, number];
  readonly groups: number;
  readonly activation: Activation;
}

/**
 * Transposed convolution, as torch.nn.functional.conv_transpose2d, with bias and activation:
 * inputs x [N, H, W, C], weight dense [C, O / groups, kh, kw], bias dense [O] or null; output [N, OH, OW, O].
 * Item-wise.
 *
 * Variants: `plain` (a gather, any kind), and those of gemm/variants.ts where the stride equals the kernel, so that windows do not
 * overlap: one GEMM to kh * kw * O columns, written to blocks of kh x kw pixels.
 */
export const convTranspose2d: Op<ConvTranspose2dAttributes> = {
  name: 'convTranspose2d',
  itemwise: true,
  infer: (inputs, attributes) => [inferConvTranspose2d(inputs, attributes)],
  candidates: (target, inputs, [y], attributes) =>
    candidates(target, required(inputs, 1, 'convTranspose2d').shape, y.shape, attributes),
  forward(context, inputs, [y], attributes) {
    const x = required(inputs, 0, 'convTranspose2d');
    const weight = required(inputs, 1, 'convTranspose2d');
    const bias = inputs[2] ?? null;
    if (product(y.spec.shape) === 0) {
      return;
    }
    const [usual] = candidates(context, weight.spec.shape, y.spec.shape, attributes);
    const variant = context.variant ?? usual;
    if (variant === 'plain') {
      const [kh, kw] = weight.spec.shape.slice(2);
      dispatchPlainConv(context, { ...attributes, transposed: true, x, y, weight, kernel: [kh, kw], bias });
    } else if (isBlockwise(weight.spec.shape, attributes)) {
      dispatchBlocks(context, { x, weight, y, bias }, attributes.activation, gemmVariant(variant, 'convTranspose2d'));
    } else {
      throw new ShapeError(`convTranspose2d: no variant ${variant} for this kernel, stride, padding or groups`);
    }
  },
  backward(build, { inputs, outputs: [y], gradients, attributes, wanted }) {
    const [x, weight] = [required(inputs, 0, 'convTranspose2d'), required(inputs, 1, 'convTranspose2d')];
    const { stride, padding, dilation, groups, activation } = attributes;
    const windows = { stride, padding, dilation, groups };
    const dy = activationBackward(build, activation, y, required(gradients, 0, 'convTranspose2d'));
    const [kernelHeight, kernelWidth] = weight.spec.shape.slice(2);
    // it is the data gradient of a convolution from y to x with the same weight
    return [
      wanted[0] ? build.apply1(conv2d, [dy, weight, null, null], { ...windows, activation: 'none' }) : null,
      wanted[1] ? build.apply1(convWeightGradient, [dy, x], { ...windows, kernel: [kernelHeight, kernelWidth] }) : null,
      wanted[2] ? build.apply1(sumColumns, [dy], {}) : null,
    ];
  },
};

function inferConvTranspose2d(
  inputs: readonly (TensorSpec | null)[],
  { stride, padding, outputPadding, dilation, groups }: ConvTranspose2dAttributes,
): TensorSpec {
  const { shape } = required(inputs, 0, 'convTranspose2d');
  const weight = required(inputs, 1, 'convTranspose2d').shape;
  if (shape.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      `convTranspose2d: x [${shape.join(', ')}] and weight [${weight.join(', ')}] must have four axes`,
    );
  }
  const [n, h, w, c] = shape;
  const [weightInputs, groupOutputs, kh, kw] = weight;
  if (c !== weightInputs || c % groups !== 0) {
    throw new ShapeError(
      `convTranspose2d: weight [${weight.join(', ')}] with ${groups} groups does not fit ${c} channels`,
    );
  }
  const [oh, ow] = [h, w].map((size, axis) => {
    const window = dilation[axis] * ([kh, kw][axis] - 1) + 1;
    return (size - 1) * stride[axis] - 2 * padding[axis] + window + outputPadding[axis];
  });
  if (oh < 1 || ow < 1) {
    throw new ShapeError(`convTranspose2d: the output of a ${h} x ${w} image would be empty`);
  }
  const o = groupOutputs * groups;
  const bias = inputs[2];
  if (bias && bias.shape.join() !== String(o)) {
    throw new ShapeError(`convTranspose2d: bias has shape [${bias.shape.join(', ')}], not [${o}]`);
  }
  return featureMap([n, oh, ow, o]);
}

function candidates(
  target: Target,
  weight: readonly number[],
  [n, oh, ow, outputs]: readonly number[],
  attributes: ConvTranspose2dAttributes,
): readonly string[] {
  const taps = weight[2] * weight[3];
  return isBlockwise(weight, attributes) ? gemmCandidates(target, (n * oh * ow) / taps, taps * outputs) : ['plain'];
}

/** Each output pixel comes from one input pixel. */
function isBlockwise(weight: readonly number[], attributes: ConvTranspose2dAttributes): boolean {
  const { stride, padding, outputPadding, dilation, groups } = attributes;
  const flat = [...padding, ...outputPadding].every((value) => value === 0) && dilation.every((value) => value === 1);
  return flat && groups === 1 && stride[0] === weight[2] && stride[1] === weight[3];
}

function dispatchBlocks(
  context: Lowering,
  { x, weight, y, bias }: { x: Operand; weight: Operand; y: Operand; bias: Operand | null },
  activation: Activation,
  variant: GemmVariant,
): void {
  const [n, h, w, inputs] = x.spec.shape;
  const [, outputs, kh, kw] = weight.spec.shape;
  const taps = kh * kw;
  const axes = {
    outputs,
    inputs,
    taps,
    strideO: taps,
    strideC: outputs * taps,
    tapsIn: 'columns',
  } as const;
  const rows = n * h * w;
  const problem = {
    a: x,
    ...packedWeight(context, weight, axes, variant),
    y,
    bias,
    window: {
      input: [h, w],
      output: [h, w],
      kernelWidth: 1,
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
    },
    rows,
    k: pitch(x.spec),
    c4: pitch(x.spec) / 4,
    columns4: (taps * pitch(y.spec)) / 4,
    channels: outputs,
    block: [kh, kw],
    count: x.count,
    rowsPerItem: h * w,
    activation,
    flops: 2 * rows * inputs * outputs * taps,
  } as const;
  dispatchGemm(context, problem, variant);
}
