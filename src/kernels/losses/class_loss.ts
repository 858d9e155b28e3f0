import classesSource from '../../../shaders/losses/classes.wgsl';
import termsSource from '../../../shaders/losses/terms.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Lowering, type Op, type Operand, type OpKernelCall } from '../op';
import { dense, pitch } from '../tensor';
import { recordSum } from './sum';

/**
 * The sum of the cross entropies of sampled boxes' class logits, whose mean is the box head's loss of classes
 * (torchvision's fastrcnn_loss).
 * Inputs: logits f32 [S, C] in any layout; labels u32 [S], below C; the samples' count u32 [1].
 * Output: f32 [1]; NaN where a logit in use is not finite.
 */
export const classLoss: Op<Record<string, never>> = {
  name: 'classLoss',
  infer([logits, labels, count]) {
    const [samples, classes] = logits?.shape ?? [];
    if (logits?.shape.length !== 2 || !(classes > 0) || labels?.shape.join() !== String(samples)) {
      throw new ShapeError('classLoss: logits must be [S, C] and labels [S]');
    }
    if (labels.dtype !== 'u32' || count?.shape.join() !== '1') {
      throw new ShapeError('classLoss: labels must be u32, and the count [1]');
    }
    return [dense([1])];
  },
  forward(context, inputs, [loss]) {
    const [samples] = required(inputs, 0, 'classLoss').spec.shape;
    const terms = context.scratch(dense([samples]));
    dispatchClasses(context, inputs, false, { terms: write(terms, 'f32') });
    recordSum(context, terms, required(inputs, 2, 'classLoss'), 1, loss);
  },
  backward: (build, { inputs, gradients: [dy] }) => [build.apply1(classLossGradient, [...inputs, dy], {}), null, null],
};

/** Inputs: those of the loss, then dy f32 [1]. Output: the gradient of the logits, zeros past the count. */
const classLossGradient: Op<Record<string, never>> = {
  name: 'classLossGradient',
  infer: (inputs) => [required(inputs, 0, 'classLossGradient')],
  forward(context, inputs, [dLogits]) {
    const dy = required(inputs, 3, 'classLossGradient');
    dispatchClasses(context, inputs, true, { dy: read(dy, 'f32'), d_logits: write(dLogits, 'f32') });
  },
};

function dispatchClasses(
  context: Lowering,
  inputs: readonly (Operand | null)[],
  gradient: boolean,
  bindings: OpKernelCall['bindings'],
): void {
  const logits = required(inputs, 0, 'classLoss');
  const [samples, classes] = logits.spec.shape;
  dispatchItems(context, samples, {
    kernel: `losses/classes${gradient ? ' gradient' : ''}`,
    source: termsSource + classesSource,
    defines: { GRADIENT: gradient },
    bindings: {
      logits: read(logits, 'f32'),
      labels: read(required(inputs, 1, 'classLoss'), 'u32'),
      count: read(required(inputs, 2, 'classLoss'), 'u32'),
      ...bindings,
    },
    params: { classes: u32(classes), pitch: u32(pitch(logits.spec)) },
  });
}
