import geometrySource from '../../../shaders/augment/geometry.wgsl';
import extentsSource from '../../../shaders/augment/mask_extents.wgsl';
import warpSource from '../../../shaders/augment/warp_masks.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { rowLanes } from '../masks';
import { read, required, ShapeError, spread, write, type Op } from '../op';
import { dense } from '../tensor';
import { checkGeometry, checkWords } from './checks';

/**
 * Masks that follow their image through a change of shape: each pixel of the result takes the nearest one of the source
 * (Geometry.plain says which that is), and what comes from outside the source is no part of any object.
 *
 * Masks are bits of rectangles, as `maskTargets` takes them. Where the results lie is given: a rectangle that holds all of
 * the object, the rectangles' words one object after the other without gaps; one of no rows for an object that is left out.
 *
 * Inputs: sources u32 [G, 5] and targets u32 [G, 5], the placements of the objects in the source image and in the result;
 * the objects' count u32 [1]; words u32 [W] of the source's masks; geometry, u32 of packGeometry().
 * Outputs: words u32 [words] of the results; extents u32 [G, 5]: left, top, right and bottom of each object's pixels
 * (right and bottom excluded) and their number, zeros where there are none and past the count.
 */
export const warpMasks: Op<{ words: number }> = {
  name: 'warpMasks',
  infer(inputs, { words }) {
    const [objects] = required(inputs, 0, 'warpMasks').shape;
    checkWords('warpMasks', inputs, 0, 'the sources', [objects, 5]);
    checkWords('warpMasks', inputs, 1, 'the targets', [objects, 5]);
    checkWords('warpMasks', inputs, 2, 'the count', [1]);
    const bits = required(inputs, 3, 'warpMasks');
    if (bits.dtype !== 'u32' || bits.shape.length !== 1 || bits.shape[0] === 0 || !(words >= 1)) {
      throw new ShapeError('warpMasks: masks must be u32 [W], and the results at least one word');
    }
    checkGeometry('warpMasks', inputs, 4);
    return [dense([words], 'u32'), dense([objects, 5], 'u32')];
  },
  forward(context, inputs, [warped, extents], { words }) {
    const operand = (index: number) => read(required(inputs, index, 'warpMasks'), 'u32');
    const [objects] = extents.spec.shape;
    const shared = { targets: operand(1), object_count: operand(2) };
    dispatchItems(context, words, {
      kernel: 'augment/warp_masks',
      source: geometrySource + warpSource,
      bindings: {
        ...shared,
        sources: operand(0),
        bits: operand(3),
        geometry: operand(4),
        warped: write(warped, 'u32'),
      },
      params: { objects: u32(objects) },
    });
    if (objects === 0) {
      return;
    }
    context.dispatch({
      kernel: 'augment/mask_extents',
      source: extentsSource,
      defines: { LANES: rowLanes(context.capabilities) },
      bindings: { ...shared, warped: read(warped, 'u32'), extents: write(extents, 'u32') },
      params: { objects: u32(objects) },
      workgroups: spread(objects, context.capabilities.maxWorkgroupsPerDimension),
    });
  },
};
