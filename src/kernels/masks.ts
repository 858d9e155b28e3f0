import bilinearSource from '../../shaders/masks/bilinear.wgsl';
import pasteSource from '../../shaders/masks/paste.wgsl';
import placementSource from '../../shaders/masks/placement.wgsl';
import sourceSource from '../../shaders/masks/source.wgsl';
import type { Capabilities } from '../gpu/capabilities';
import { f32, u32, type BindingUse, type Param } from '../gpu/kernel';
import { read, required, ShapeError, write, type Op, type Operand } from './op';
import { dense, type TensorSpec } from './tensor';

/** Invocations of a workgroup that walks along one row or one item. */
export function rowLanes({ software, subgroupSize }: Capabilities): number {
  return software ? subgroupSize || 8 : 64;
}

/** The binding `count` of an operand that has one. */
export function countBinding({ count }: Operand): Record<string, BindingUse<Operand>> {
  return count === undefined ? {} : { count: read(count, 'u32') };
}

/** @throws ShapeError unless masks are [D, mh, mw] and boxes [D, 4], D up to 65,535 */
export function checkMasksAndBoxes(op: string, masks: TensorSpec, boxes: TensorSpec): void {
  if (masks.shape.length !== 3 || masks.layout !== 'dense' || masks.dtype !== 'f32' || masks.shape[0] > 65535) {
    throw new ShapeError(`${op}: masks are ${masks.dtype} [${masks.shape.join(', ')}], f32 [D, mh, mw] is needed`);
  }
  if (boxes.layout !== 'dense' || boxes.shape.join() !== `${masks.shape[0]},4`) {
    throw new ShapeError(`${op}: boxes are [${boxes.shape.join(', ')}], [${masks.shape[0]}, 4] is needed`);
  }
}

/** What shaders/masks/placement.wgsl and bilinear.wgsl need of masks [D, mh, mw]. */
export function placementParams({ shape: [, height, width] }: TensorSpec): Record<string, Param> {
  return { mask_height: u32(height), mask_width: u32(width), expansion: f32((width + 2) / width) };
}

/**
 * Masks in the image, as torchvision's `paste_masks_in_image` (padding 1) and a threshold give them.
 * Inputs: masks dense [D, mh, mw], probabilities; boxes dense [D, 4], x1, y1, x2, y2 in pixels of the image.
 * Output: u32 [D, height, width], 1 where the pasted probability is above the threshold.
 */
export const pasteMasks: Op<{ threshold: number; height: number; width: number }> = {
  name: 'pasteMasks',
  itemwise: true,
  infer(inputs, { height, width }) {
    const masks = required(inputs, 0, 'pasteMasks');
    checkMasksAndBoxes('pasteMasks', masks, required(inputs, 1, 'pasteMasks'));
    return [dense([masks.shape[0], height, width], 'u32')];
  },
  forward(context, inputs, [pasted], { threshold, height, width }) {
    const masks = required(inputs, 0, 'pasteMasks');
    const items = masks.spec.shape[0];
    if (items * height * width === 0) {
      return;
    }
    context.dispatch({
      kernel: 'masks/paste',
      source: placementSource + sourceSource + bilinearSource + pasteSource,
      defines: { LANES: rowLanes(context.capabilities), COUNTED: masks.count !== undefined },
      bindings: {
        masks: read(masks, 'f32'),
        boxes: read(required(inputs, 1, 'pasteMasks'), 'vec4f'),
        ...countBinding(masks),
        pasted: write(pasted, 'u32'),
      },
      params: {
        ...placementParams(masks.spec),
        threshold: f32(threshold),
        height: u32(height),
        width: u32(width),
      },
      workgroups: [height, items, 1],
    });
  },
};
