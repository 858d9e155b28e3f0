import masksSource from '../../../shaders/losses/masks.wgsl';
import termsSource from '../../../shaders/losses/terms.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems, dispatchRowwise } from '../itemwise';
import { read, required, ShapeError, write, type Op, type Operand, type OpKernelCall } from '../op';
import { dense, pitch } from '../tensor';
import { recordSum } from './sum';

/**
 * The sum of the binary cross entropies of the masks of positive samples, each by the logits of its class; the mean over
 * their pixels is the loss of masks (He et al., "Mask R-CNN", 2017, section 3; torchvision's maskrcnn_loss).
 *
 * Inputs: logits, feature map [P, M, M, C]; targets f32 dense [P, M, M] from maskTargets; labels u32, P at least, below C;
 * the positive samples' count u32 [1]. Output: f32 [1], 0 without positive samples, NaN where a logit in use is not
 * finite.
 */
export const maskLoss: Op<Record<string, never>> = {
  name: 'maskLoss',
  constants: [1],
  infer([logits, targets, labels, positives]) {
    const shape = logits?.shape ?? [];
    if (shape.length !== 4 || logits?.layout !== 'channels4' || targets?.shape.join() !== shape.slice(0, 3).join()) {
      throw new ShapeError('maskLoss: logits must be a map [P, M, M, C] and targets [P, M, M]');
    }
    if (labels?.dtype !== 'u32' || !(labels.shape[0] >= shape[0]) || positives?.shape.join() !== '1') {
      throw new ShapeError('maskLoss: needs a label u32 for each sample, and a count [1]');
    }
    return [dense([1])];
  },
  forward(context, inputs, [loss]) {
    const logits = required(inputs, 0, 'maskLoss');
    const [samples, rows, side] = logits.spec.shape;
    const terms = context.scratch(dense([samples, rows]));
    dispatchItems(context, samples * rows, {
      ...maskCall(false),
      bindings: { ...maskBindings(inputs), terms: write(terms, 'f32') },
      params: { side: u32(side), pitch: u32(pitch(logits.spec)) },
    });
    recordSum(context, terms, required(inputs, 3, 'maskLoss'), rows, loss);
  },
  backward: (build, { inputs, gradients: [dy] }) => [
    build.apply1(maskLossGradient, [...inputs, dy], {}),
    null,
    null,
    null,
  ],
};

/** Inputs: those of the loss, then dy f32 [1]. Output: the gradient of the logits, zeros where there is no loss. */
const maskLossGradient: Op<Record<string, never>> = {
  name: 'maskLossGradient',
  infer: (inputs) => [required(inputs, 0, 'maskLossGradient')],
  forward(context, inputs, [dLogits]) {
    const [, rows, side] = dLogits.spec.shape;
    dispatchRowwise(context, dLogits, {
      ...maskCall(true),
      bindings: {
        ...maskBindings(inputs),
        dy: read(required(inputs, 4, 'maskLossGradient'), 'f32'),
        d_logits: write(dLogits, 'vec4f'),
      },
      params: { pixels: u32(rows * side), pitch: u32(pitch(dLogits.spec)) },
    });
  },
};

function maskCall(gradient: boolean): Omit<OpKernelCall, 'bindings' | 'workgroups'> {
  return {
    kernel: `losses/masks${gradient ? ' gradient' : ''}`,
    source: termsSource + masksSource,
    defines: { GRADIENT: gradient },
  };
}

function maskBindings(inputs: readonly (Operand | null)[]): OpKernelCall['bindings'] {
  return {
    logits: read(required(inputs, 0, 'maskLoss'), 'f32'),
    wanted: read(required(inputs, 1, 'maskLoss'), 'f32'),
    labels: read(required(inputs, 2, 'maskLoss'), 'u32'),
    positives: read(required(inputs, 3, 'maskLoss'), 'u32'),
  };
}
