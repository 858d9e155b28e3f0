import objectnessSource from '../../../shaders/losses/objectness.wgsl';
import termsSource from '../../../shaders/losses/terms.wgsl';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';
import { recordSum } from './sum';

/**
 * The sum of the binary cross entropies of sampled anchors, whose mean is the RPN's loss of objectness.
 * Inputs: logits f32 dense [S], positive samples first; their count u32 [1]; the count of the positive ones u32 [1].
 * Output: f32 [1]; NaN where a logit in use is not finite.
 */
export const objectnessLoss: Op<Record<string, never>> = {
  name: 'objectnessLoss',
  infer([logits, count, positives]) {
    if (logits?.shape.length !== 1 || count?.shape.join() !== '1' || positives?.shape.join() !== '1') {
      throw new ShapeError('objectnessLoss: logits must be [S], counts [1]');
    }
    return [dense([1])];
  },
  forward(context, inputs, [loss]) {
    const logits = required(inputs, 0, 'objectnessLoss');
    const count = required(inputs, 1, 'objectnessLoss');
    const terms = context.scratch(logits.spec);
    dispatchItems(context, logits.spec.shape[0], {
      kernel: 'losses/objectness',
      source: termsSource + objectnessSource,
      defines: { GRADIENT: false },
      bindings: {
        logits: read(logits, 'f32'),
        count: read(count, 'u32'),
        positives: read(required(inputs, 2, 'objectnessLoss'), 'u32'),
        terms: write(terms, 'f32'),
      },
    });
    recordSum(context, terms, count, 1, loss);
  },
  backward: (build, { inputs, gradients: [dy] }) => [
    build.apply1(objectnessLossGradient, [dy, ...inputs], {}),
    null,
    null,
  ],
};

/** Inputs: dy f32 [1], then those of the loss. Output: the gradient of the logits, zeros past the count. */
const objectnessLossGradient: Op<Record<string, never>> = {
  name: 'objectnessLossGradient',
  infer: (inputs) => [required(inputs, 1, 'objectnessLossGradient')],
  forward(context, inputs, [dLogits]) {
    const operand = (index: number, element: string) =>
      read(required(inputs, index, 'objectnessLossGradient'), element);
    dispatchItems(context, dLogits.spec.shape[0], {
      kernel: 'losses/objectness gradient',
      source: termsSource + objectnessSource,
      defines: { GRADIENT: true },
      bindings: {
        dy: operand(0, 'f32'),
        logits: operand(1, 'f32'),
        count: operand(2, 'u32'),
        positives: operand(3, 'u32'),
        d_logits: write(dLogits, 'f32'),
      },
    });
  },
};
