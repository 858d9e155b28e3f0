import classMasksSource from '../../shaders/masks/class_masks.wgsl';
import type { Capabilities } from '../gpu/capabilities';
import { u32 } from '../gpu/kernel';
import { countBinding } from './masks';
import { read, required, ShapeError, write, type Op } from './op';
import { dense, storedLength, type TensorSpec } from './tensor';

/** How a workgroup divides its work (shaders/masks/class_masks.wgsl). */
interface Division {
  /** Lanes that share the channels of a pixel. */
  readonly SHARE: number;
  readonly GROUPS: number;
  /** Pixels that a group takes at a time. */
  readonly PIXELS: number;
  /** A group is a subgroup, and the workgroup. */
  readonly SUBGROUPS: boolean;
}

/** Workgroups of a detection on a software adapter: enough that its few cores share a single detection evenly. */
const SOFTWARE_RUNS = 4;

function divide({ software, subgroupSize }: Capabilities): Division {
  return software
    ? { SHARE: subgroupSize || 8, GROUPS: 1, PIXELS: Math.min(subgroupSize || 8, 8), SUBGROUPS: subgroupSize > 0 }
    : { SHARE: 16, GROUPS: 16, PIXELS: 4, SUBGROUPS: false };
}

/**
 * The probabilities of each detection's own class: a 1x1 convolution to the one channel that is asked for, and a sigmoid.
 * Inputs: x, feature map [D, mh, mw, C]; weight dense [classes, C, 1, 1]; bias dense [classes]; labels, u32 [D], below
 * `classes`. Output: dense [D, mh, mw], sigmoid(x[d, :, :] . weight[labels[d]] + bias[labels[d]]). Item-wise. D is at most
 * 65,535.
 */
export const classMasks: Op<Record<string, never>> = {
  name: 'classMasks',
  itemwise: true,
  infer(inputs) {
    const [x, weight, bias, labels] = [0, 1, 2, 3].map((i) => required(inputs, i, 'classMasks'));
    if (x.shape.length !== 4 || x.layout !== 'channels4' || x.shape[0] > 65535) {
      throw new ShapeError(`classMasks: x is [${x.shape.join(', ')}], [D, mh, mw, C] with D up to 65535 is needed`);
    }
    expectSpec('weight', weight, dense([Math.max(1, weight.shape[0]), x.shape[3], 1, 1]));
    expectSpec('bias', bias, dense([weight.shape[0]]));
    expectSpec('labels', labels, dense([x.shape[0]], 'u32'));
    return [dense(x.shape.slice(0, 3))];
  },
  forward(context, inputs, [masks]) {
    const [x, weight, bias, labels] = [0, 1, 2, 3].map((i) => required(inputs, i, 'classMasks'));
    const [items, height, width, channels] = x.spec.shape;
    const pixels = height * width;
    if (items * pixels === 0) {
      return;
    }
    const { software } = context.capabilities;
    const division = divide(context.capabilities);
    const runs = Math.ceil(pixels / (division.GROUPS * division.PIXELS));
    const steps = software ? Math.ceil(runs / SOFTWARE_RUNS) : Math.ceil(runs / 65535);
    const aligned = channels % 4 === 0;
    const [classes] = weight.spec.shape;
    context.dispatch({
      kernel: 'masks/class_masks',
      source: classMasksSource,
      defines: { ...division, ALIGNED: aligned, COUNTED: x.count !== undefined },
      bindings: {
        x: read(x, 'vec4f'),
        weight: read(weight, aligned ? 'vec4f' : 'f32'),
        bias: read(bias, 'f32'),
        labels: read(labels, 'u32'),
        ...countBinding(x),
        masks: write(masks, 'f32'),
      },
      params: {
        items: u32(items),
        pixels: u32(pixels),
        steps: u32(steps),
        channels: u32(channels),
        channels4: u32(Math.ceil(channels / 4)),
        classes: u32(classes),
      },
      workgroups: [items, Math.ceil(runs / steps), 1],
      flops: 2 * items * pixels * channels,
      bytes: 4 * (storedLength(x.spec) + Math.min(items, classes) * (channels + 1) + items + items * pixels),
    });
  },
};

function expectSpec(name: string, found: TensorSpec, wanted: TensorSpec): void {
  const describe = ({ dtype, layout, shape }: TensorSpec): string => `${layout} ${dtype} [${shape.join(', ')}]`;
  if (describe(found) !== describe(wanted)) {
    throw new ShapeError(`classMasks: ${name} is ${describe(found)}, ${describe(wanted)} is needed`);
  }
}
