import appendSource from '../../../shaders/detection/append_objects.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';

/**
 * The proposals that the box head is trained on: those of the RPN, then the objects' own boxes, crowd regions left out
 * (torchvision's add_gt_proposals).
 *
 * Inputs: proposals f32 dense [P, 4] and objects' boxes f32 dense [G, 4], each with a count; crowd flags u32 [G].
 * Outputs: boxes f32 dense [P + G, 4], zeros past the count; their count u32 [1]. No gradient, as in torchvision.
 */
export const appendObjects: Op<Record<string, never>> = {
  name: 'appendObjects',
  constants: [0, 1],
  infer([proposals, objects, crowd]) {
    if (proposals?.shape[1] !== 4 || objects?.shape[1] !== 4 || crowd?.shape.join() !== String(objects.shape[0])) {
      throw new ShapeError('appendObjects: proposals and objects must be [n, 4], and crowd flags of the objects [n]');
    }
    return [dense([proposals.shape[0] + objects.shape[0], 4]), dense([1], 'u32')];
  },
  forward(context, inputs, [boxes, count]) {
    const proposals = required(inputs, 0, 'appendObjects');
    const objects = required(inputs, 1, 'appendObjects');
    if (proposals.count === undefined || objects.count === undefined) {
      throw new ShapeError('appendObjects: proposals and objects need counts');
    }
    const [proposalCapacity] = proposals.spec.shape;
    const [objectCapacity] = objects.spec.shape;
    dispatchItems(context, proposalCapacity + objectCapacity, {
      kernel: 'detection/append_objects',
      source: appendSource,
      bindings: {
        proposals: read(proposals, 'vec4f'),
        proposal_count: read(proposals.count, 'u32'),
        objects: read(objects, 'vec4f'),
        object_count: read(objects.count, 'u32'),
        crowd: read(required(inputs, 2, 'appendObjects'), 'u32'),
        all_boxes: write(boxes, 'vec4f'),
        all_count: write(count, 'u32'),
      },
      params: { proposals: u32(proposalCapacity), objects: u32(objectCapacity) },
    });
  },
};
