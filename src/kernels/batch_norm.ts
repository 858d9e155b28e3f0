import applySource from '../../shaders/batch_norm/apply.wgsl';
import scaleSource from '../../shaders/batch_norm/scale.wgsl';
import scaleRowsSource from '../../shaders/batch_norm/scale_rows.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { binary } from './elementwise';
import { fill } from './fill';
import { dispatchItemwise, dispatchRowwise, elementUnits } from './itemwise';
import {
  checkNormalised,
  checkPair,
  normaliseGradient,
  recordMoments,
  recordNormalise,
  type Statistics,
} from './normalise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand } from './op';
import { dense, featureMap, product, rows, storedLength, type TensorSpec } from './tensor';

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

/**
 * Mean and biased variance of each channel of a batch, for batchNorm. Running averages of the mean and of the unbiased
 * variance become old + momentum (new - old), as torch.nn.BatchNorm2d keeps them in training; where momentum is null, the
 * averages over all batches so far. Of fewer than two values they learn nothing.
 *
 * Inputs: x [N, .., C] channels4; the running mean and variance, states [C], or null both; the number of batches so far, a
 * state f32 [1], or null (only with a momentum). Outputs: mean and variance [C]. Only the items that x's count says are
 * in use take part.
 * @throws ShapeError for a batch of one value a channel
 */
export const batchMoments: Op<{ momentum: number | null }> = {
  name: 'batchMoments',
  updates: [1, 2, 3],
  infer([x, mean, variance, batches], { momentum }) {
    const spec = required([x], 0, 'batchMoments');
    const channels = spec.shape.at(-1) ?? 1;
    checkNormalised(spec, [mean, variance], channels, 'batchMoments');
    if (!mean !== !variance || (batches && (!mean || batches.dtype !== 'f32' || batches.shape.join() !== '1'))) {
      throw new ShapeError('batchMoments: running mean and variance go together, with a number of batches [1] or none');
    }
    if (mean && momentum === null && !batches) {
      throw new ShapeError('batchMoments: averages over all batches need the number of batches');
    }
    if (rows(spec) === 1) {
      throw new ShapeError('batchMoments: one value of each channel has no variance');
    }
    return [dense([channels]), dense([channels])];
  },
  forward(context, inputs, [mean, variance], { momentum }) {
    const x = required(inputs, 0, 'batchMoments');
    const [runningMean = null, runningVariance = null, batches = null] = inputs.slice(1, 4);
    const running =
      runningMean === null || runningVariance === null
        ? null
        : { mean: runningMean, variance: runningVariance, batches, momentum };
    recordMoments(context, x, batchStatistics(x.spec), { mean, variance }, running);
  },
};

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias by channel (Ioffe and Szegedy, "Batch Normalization", 2015). With the
 * mean and variance of x itself, from batchMoments, it is torch.nn.BatchNorm2d in training, and its gradient by x is that
 * of both; with given ones, the running averages, it is BatchNorm2d in evaluation, with gradients for weight and bias.
 * Inputs: x [N, .., C] channels4; weight and bias [C], or null both; mean and variance [C].
 */
export const batchNorm: Op<{ eps: number; moments: 'own' | 'given' }> = {
  name: 'batchNorm',
  itemwise: true,
  constants: [3, 4],
  infer(inputs) {
    const x = required(inputs, 0, 'batchNorm');
    const channels = x.shape.at(-1) ?? 1;
    checkNormalised(x, inputs.slice(1, 3), channels, 'batchNorm');
    checkPair(inputs[1], inputs[2], 'batchNorm');
    checkChannels(inputs.slice(3, 5), channels, 'batchNorm');
    return [x];
  },
  forward(context, inputs, [y], { eps }) {
    const [x, mean, variance] = [0, 3, 4].map((i) => required(inputs, i, 'batchNorm'));
    const [weight = null, bias = null] = inputs.slice(1, 3);
    recordNormalise(context, x, batchStatistics(x.spec), { mean, variance, weight, bias, eps }, y);
  },
  backward(build, { inputs, gradients: [dy], attributes: { eps, moments }, wanted }) {
    const [x, weight, , mean, variance] = inputs;
    const attributes = {
      statistics: batchStatistics(required([x], 0, 'batchNorm').spec),
      eps,
      ownMoments: moments === 'own',
    };
    const results = build.apply(normaliseGradient, [dy, x, mean, variance, weight], attributes);
    return wanted.map((asked, i) => (asked ? results[i] : null));
  },
};

function batchStatistics({ shape }: TensorSpec): Statistics {
  return { of: 'batch', groups: shape.at(-1) ?? 1 };
}

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
