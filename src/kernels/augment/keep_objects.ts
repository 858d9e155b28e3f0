import geometrySource from '../../../shaders/augment/geometry.wgsl';
import keepSource from '../../../shaders/augment/keep_objects.wgsl';
import { u32 } from '../../gpu/kernel';
import { rowLanes } from '../masks';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';
import { checkGeometry, checkWords } from './checks';

/**
 * The objects that a change of shape has left in the image, in their order: those with Geometry.minPixels pixels, and of
 * those without a mask in the source (a placement of no rows) the ones whose box is not empty.
 *
 * Inputs: boxes f32 [G, 4] in the result; sources u32 [G, 5], their count u32 [1] and extents u32 [G, 5], of `warpMasks`;
 * geometry, u32 of packGeometry().
 * Outputs: boxes f32 [G, 4] (the given ones with a plain geometry and where there is no mask, else those of the pixels)
 * and indices u32 [G] of the objects that are kept, zeros past their count; the count u32 [1].
 */
export const keepObjects: Op<Record<string, never>> = {
  name: 'keepObjects',
  constants: [0],
  infer(inputs) {
    const boxes = required(inputs, 0, 'keepObjects');
    const [objects] = boxes.shape;
    if (boxes.dtype !== 'f32' || boxes.shape.join() !== `${objects},4` || objects === 0) {
      throw new ShapeError(`keepObjects: boxes are [${boxes.shape.join(', ')}], f32 [G, 4] is needed`);
    }
    checkWords('keepObjects', inputs, 1, 'the sources', [objects, 5]);
    checkWords('keepObjects', inputs, 2, 'the count', [1]);
    checkWords('keepObjects', inputs, 3, 'the extents', [objects, 5]);
    checkGeometry('keepObjects', inputs, 4);
    return [dense([objects, 4]), dense([objects], 'u32'), dense([1], 'u32')];
  },
  forward(context, inputs, [boxes, kept, count]) {
    const operand = (index: number, element = 'u32') => read(required(inputs, index, 'keepObjects'), element);
    context.dispatch({
      kernel: 'augment/keep_objects',
      source: geometrySource + keepSource,
      defines: { LANES: rowLanes(context.capabilities) },
      bindings: {
        boxes: operand(0, 'vec4f'),
        sources: operand(1),
        object_count: operand(2),
        extents: operand(3),
        geometry: operand(4),
        kept_boxes: write(boxes, 'vec4f'),
        kept: write(kept, 'u32'),
        kept_count: write(count, 'u32'),
      },
      params: { objects: u32(boxes.spec.shape[0]) },
      workgroups: [1, 1, 1],
    });
  },
};
