import applySource from '../../shaders/batch_norm/apply.wgsl';
import scaleSource from '../../shaders/batch_norm/scale.wgsl';
import scaleRowsSource from '../../shaders/batch_norm/scale_rows.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { binary } from './elementwise';
import { fill } from './fill';
import { dispatchItemwise, dispatchRowwise, elementUnits } from './itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { dense, featureMap, product, storedLength, type TensorSpec } from './tensor';

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias by channel, as torchvision's FrozenBatchNorm2d.
 * Inputs: x [N, H, W, C] channels4, then weight, bias, mean and variance [C].
 */
export const frozenBatchNorm: Op<{ eps: number }> = {
  name: 'frozenBatchNorm',
  itemwise: true,
  infer(inputs) {
    const x = required(inputs, 0, 'frozenBatchNorm');
    if (x.layout !== 'channels4') {
      throw new ShapeError('frozenBatchNorm: the input is not a feature map');
    }
    checkChannels(inputs.slice(1, 5), x.shape.at(-1) ?? 1, 'frozenBatchNorm');
    return [x];
  },
  forward(context, inputs, [y], { eps }) {
    const x = required(inputs, 0, 'frozenBatchNorm');
    const channels = x.spec.shape.at(-1) ?? 1;
    const scale = context.scratch(featureMap([channels]));
    const shift = context.scratch(featureMap([channels]));
    scaleAndShift(context, inputs.slice(1, 5), null, scale, shift, eps);
    dispatchRowwise(context, y, {
      kernel: 'batch_norm/apply',
      source: applySource,
      bindings: { x: read(x, 'vec4f'), scale: read(scale, 'vec4f'), shift: read(shift, 'vec4f'), y: write(y, 'vec4f') },
    });
  },
  // frozen: no gradients for its parameters
  constants: [1, 2, 3, 4],
  backward(build, { inputs, gradients: [dy], attributes }) {
    const shape = [required(inputs, 0, 'frozenBatchNorm').spec.shape.at(-1) ?? 1];
    const ones = build.apply1(fill, [], { shape, layout: 'dense', value: 1 });
    const [scale] = build.apply(foldBatchNorm, [ones, null, ...inputs.slice(1)], attributes);
    return [build.apply1(binary, [dy, scale], { function: 'mul', activation: 'none' })];
  },
};

/**
 * Weight and bias of the convolution that equals a convolution followed by a frozen BatchNorm:
 * weight' = weight * s, bias' = (bias - mean) * s + bn bias, s = bn weight / sqrt(variance + eps).
 * Inputs: weight [O, …] dense, bias [O] or null, then the BatchNorm's weight, bias, mean and variance [O].
 * Outputs: weight' as weight, bias' [O].
 */
export const foldBatchNorm: Op<{ eps: number }> = {
  name: 'foldBatchNorm',
  infer(inputs) {
    const weight = required(inputs, 0, 'foldBatchNorm');
    if (weight.layout !== 'dense') {
      throw new ShapeError('foldBatchNorm: the weight is not dense');
    }
    const [channels] = weight.shape;
    checkChannels(
      [...inputs.slice(1, 2).filter((bias) => bias !== null), ...inputs.slice(2, 6)],
      channels,
      'foldBatchNorm',
    );
    return [weight, dense([channels])];
  },
  forward(context, inputs, [foldedWeight, foldedBias], { eps }) {
    const weight = required(inputs, 0, 'foldBatchNorm');
    const scale = context.scratch(foldedBias.spec);
    scaleAndShift(context, inputs.slice(2, 6), inputs[1] ?? null, scale, foldedBias, eps);
    dispatchItemwise(context, foldedWeight, elementUnits(weight.spec), {
      kernel: 'batch_norm/scale_rows',
      source: scaleRowsSource,
      bindings: { x: read(weight, 'f32'), scale: read(scale, 'f32'), y: write(foldedWeight, 'f32') },
      params: { row_length: u32(product(weight.spec.shape.slice(1))) },
    });
  },
  // frozen: no gradients for the BatchNorm's parameters
  constants: [2, 3, 4, 5],
  backward(build, { inputs, gradients, attributes, wanted }) {
    // both are scaled by the same factors as the weight
    return [0, 1].map((i) => {
      const gradient = gradients[i] ?? null;
      const folded = (): typeof gradient =>
        build.apply(foldBatchNorm, [gradient, null, ...inputs.slice(2)], attributes)[0];
      return wanted[i] && gradient !== null ? folded() : null;
    });
  },
};

function checkChannels(specs: readonly (TensorSpec | null)[], channels: number, op: string): void {
  specs.forEach((spec, i) => {
    if (spec?.shape.length !== 1 || spec.shape[0] !== channels || spec.dtype !== 'f32') {
      throw new ShapeError(`${op}: parameter ${i} is [${spec?.shape.join(', ') ?? ''}], expected [${channels}]`);
    }
  });
}

/** Fills scale and shift (alike in layout) from weight, bias, mean and variance; `innerBias` is added to x before. */
function scaleAndShift(
  context: Lowering,
  parameters: readonly (Operand | null)[],
  innerBias: Operand | null,
  scale: Operand,
  shift: Operand,
  eps: number,
): void {
  const [weight, bias, mean, variance] = [0, 1, 2, 3].map((i) => required(parameters, i, 'batch norm'));
  const units = { length: storedLength(scale.spec), unit: 1, itemElements: 1 };
  dispatchItemwise(context, scale, units, {
    kernel: 'batch_norm/scale',
    source: scaleSource,
    defines: { INNER_BIAS: innerBias !== null },
    bindings: {
      weight: read(weight, 'f32'),
      bias: read(bias, 'f32'),
      mean: read(mean, 'f32'),
      variance: read(variance, 'f32'),
      ...(innerBias === null ? {} : { inner_bias: read(innerBias, 'f32') }),
      scale: write(scale, 'f32'),
      shift: write(shift, 'f32'),
    },
    params: { channels: u32(weight.spec.shape[0]), eps: f32(eps) },
  });
}
