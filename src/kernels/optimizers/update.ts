import adadeltaSource from '../../../shaders/optimizers/adadelta.wgsl';
import adagradSource from '../../../shaders/optimizers/adagrad.wgsl';
import adamSource from '../../../shaders/optimizers/adam.wgsl';
import asgdSource from '../../../shaders/optimizers/asgd.wgsl';
import rmspropSource from '../../../shaders/optimizers/rmsprop.wgsl';
import rpropSource from '../../../shaders/optimizers/rprop.wgsl';
import sgdSource from '../../../shaders/optimizers/sgd.wgsl';
import walkSource from '../../../shaders/optimizers/walk.wgsl';
import { f32, u32 } from '../../gpu/kernel';
import type { Defines } from '../../gpu/wgsl';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { storedLength } from '../tensor';

const SOURCES = {
  sgd: sgdSource,
  adam: adamSource,
  adadelta: adadeltaSource,
  adagrad: adagradSource,
  rmsprop: rmspropSource,
  rprop: rpropSource,
  asgd: asgdSource,
};

/** What one kind of optimizer does with its kernel. */
export interface UpdateRule {
  /** The kernel's file in shaders/optimizers. */
  readonly kernel: keyof typeof SOURCES;
  readonly defines: Defines;
  /** The fields of `params` that the kernel reads, besides those of every kernel. */
  readonly constants: Readonly<Record<string, number>>;
  /** Its states, by the names that the kernel gives them; three at most. */
  readonly slots: readonly string[];
}

export interface UpdateAttributes {
  readonly rule: UpdateRule;
  /** Elements [first, end) of the chunk, multiples of 4. */
  readonly first: number;
  readonly end: number;
  /** The row of `hyper` that holds for them. */
  readonly group: number;
  /** Added to the gradient, times the parameters. */
  readonly weightDecay: number;
  readonly maximize: boolean;
  /** Largest magnitude of a gradient's elements; null for no such limit. */
  readonly clipValue: number | null;
}

/**
 * One optimizer step over a range of a chunk of the parameter arena, in place. Inputs: the chunk's parameters and its
 * gradients (states of one length); hyper [groups, 4] dense, the scalars that change from step to step; a factor [1] that
 * the gradients are multiplied by, or null; then the rule's slots, states of the chunk's length. No outputs.
 */
export const updateParameters: Op<UpdateAttributes> = {
  name: 'updateParameters',
  updates: [0, 4, 5, 6],
  infer(inputs, { rule, first, end, group }) {
    const parameters = required(inputs, 0, 'updateParameters');
    const hyper = required(inputs, 2, 'updateParameters');
    const length = storedLength(parameters);
    if (!(first >= 0 && first < end && end <= length && first % 4 === 0 && end % 4 === 0)) {
      throw new ShapeError(`updateParameters: no range from ${first} to ${end} of ${length} elements, by fours`);
    }
    if (hyper.shape.length !== 2 || hyper.shape[1] !== 4 || group >= hyper.shape[0]) {
      throw new ShapeError(`updateParameters: [${hyper.shape.join(', ')}] holds no scalars of group ${group}`);
    }
    const others = [1, ...rule.slots.map((_, i) => 4 + i)];
    if (others.some((i) => storedLength(required(inputs, i, 'updateParameters')) !== length)) {
      throw new ShapeError(`updateParameters: gradients and slots must have the ${length} elements of the parameters`);
    }
    return [];
  },
  forward(context, inputs, _, { rule, first, end, group, weightDecay, maximize, clipValue }) {
    const operand = (i: number) => required(inputs, i, 'updateParameters');
    const factor = inputs[3] ?? null;
    const clip = factor !== null ? 'norm' : clipValue !== null ? 'value' : 'none';
    const constants = Object.entries(rule.constants).map(([name, value]) => [name, f32(value)] as const);
    dispatchItems(context, (end - first) / 4, {
      kernel: `optimizers/${rule.kernel}`,
      source: walkSource + SOURCES[rule.kernel],
      defines: { ...rule.defines, CLIP: clip, MAXIMIZE: maximize },
      bindings: {
        gradients: read(operand(1), 'vec4f'),
        hyper: read(operand(2), 'vec4f'),
        ...(factor === null ? {} : { clip: read(factor, 'f32') }),
        parameters: write(operand(0), 'vec4f'),
        ...Object.fromEntries(rule.slots.map((slot, i) => [slot, write(operand(4 + i), 'vec4f')])),
      },
      params: {
        first: u32(first / 4),
        group: u32(group),
        weight_decay: f32(weightDecay),
        ...(clip === 'value' ? { largest: f32(clipValue ?? 0) } : {}),
        ...Object.fromEntries(constants),
      },
      bytes: (end - first) * 4 * (3 + 2 * rule.slots.length),
    });
  },
};
