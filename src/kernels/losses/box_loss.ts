import boxesSource from '../../../shaders/losses/boxes.wgsl';
import termsSource from '../../../shaders/losses/terms.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems, dispatchRowwise } from '../itemwise';
import { read, required, ShapeError, write, type Op, type Operand, type OpKernelCall } from '../op';
import { dense, pitch } from '../tensor';
import { recordSum } from './sum';

/**
 * The sum of smooth L1 (beta 1/9) of the deltas of positive samples: the loss of boxes of the RPN and of the box head
 * (torchvision's fastrcnn_loss), but for the division by the number of samples.
 *
 * Inputs: deltas f32 [S, G * 4] in any layout, positive samples first; targets f32 dense [S, 4] from encodeBoxes; the
 * count of the positive samples u32 [1]; labels u32 [S], which say what group of four of its row a sample's class has, or
 * null where there is one group. Output: f32 [1]; NaN where a delta in use is not finite.
 */
export const boxLoss: Op<Record<string, never>> = {
  name: 'boxLoss',
  constants: [1],
  infer([deltas, targets, positives, labels]) {
    const [samples, length] = deltas?.shape ?? [];
    if (deltas?.shape.length !== 2 || length % 4 !== 0 || targets?.shape.join() !== `${samples},4`) {
      throw new ShapeError('boxLoss: deltas must be [S, G * 4] and targets [S, 4]');
    }
    const labelled = labels ? labels.shape.join() === String(samples) && labels.dtype === 'u32' : length === 4;
    if (!labelled || positives?.shape.join() !== '1') {
      throw new ShapeError('boxLoss: needs a count [1], and labels u32 [S] where there are several groups');
    }
    return [dense([1])];
  },
  forward(context, inputs, [loss]) {
    const deltas = required(inputs, 0, 'boxLoss');
    const [samples] = deltas.spec.shape;
    const terms = context.scratch(dense([samples]));
    dispatchItems(context, samples, {
      ...boxCall(inputs, false),
      bindings: { ...boxBindings(inputs), terms: write(terms, 'f32') },
      params: { groups: u32(pitch(deltas.spec) / 4) },
    });
    recordSum(context, terms, required(inputs, 2, 'boxLoss'), 1, loss);
  },
  backward: (build, { inputs, gradients: [dy] }) => [
    build.apply1(boxLossGradient, [...inputs.slice(0, 4), dy], {}),
    ...inputs.slice(1).map(() => null),
  ],
};

/** Inputs: those of the loss, then dy f32 [1]. Output: the gradient of the deltas, zeros where there is no loss. */
const boxLossGradient: Op<Record<string, never>> = {
  name: 'boxLossGradient',
  infer: (inputs) => [required(inputs, 0, 'boxLossGradient')],
  forward(context, inputs, [dDeltas]) {
    // rows by fours, whatever the layout: they hold whole groups
    const rows: Operand = { id: dDeltas.id, spec: { ...dDeltas.spec, layout: 'channels4' } };
    dispatchRowwise(context, rows, {
      ...boxCall(inputs, true),
      bindings: {
        ...boxBindings(inputs),
        dy: read(required(inputs, 4, 'boxLossGradient'), 'f32'),
        d_deltas: write(dDeltas, 'vec4f'),
      },
    });
  },
};

function boxCall(
  inputs: readonly (Operand | null)[],
  gradient: boolean,
): Omit<OpKernelCall, 'bindings' | 'workgroups'> {
  const labelled = inputs[3] !== null;
  return {
    kernel: `losses/boxes${gradient ? ' gradient' : ''}${labelled ? ' by class' : ''}`,
    source: termsSource + boxesSource,
    defines: { GRADIENT: gradient, LABELS: labelled },
  };
}

function boxBindings(inputs: readonly (Operand | null)[]): OpKernelCall['bindings'] {
  const labels = inputs[3] ?? null;
  return {
    deltas: read(required(inputs, 0, 'boxLoss'), 'vec4f'),
    wanted: read(required(inputs, 1, 'boxLoss'), 'vec4f'),
    positives: read(required(inputs, 2, 'boxLoss'), 'u32'),
    ...(labels === null ? {} : { labels: read(labels, 'u32') }),
  };
}
