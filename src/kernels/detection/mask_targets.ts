import maskTargetsSource from '../../../shaders/detection/mask_targets.wgsl';
import geometrySource from '../../../shaders/roi_align/geometry.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { MAX_SAMPLES } from '../roi_align';
import { dense } from '../tensor';

/**
 * What the mask head is to answer for each positive sample: its object's mask, pooled from the sample's box by RoIAlign
 * (torchvision's project_masks_on_boxes: every pixel of a bin sampled, not aligned).
 *
 * Masks are bits of the resized image, of a rectangle each that holds all of the object's pixels: row by row in u32 words,
 * bit k of a word the pixel k to the right of its first one. So an image of many small objects takes little memory, and
 * nothing is lost: whole images are rectangles, too.
 *
 * Inputs: boxes f32 dense [P, 4] (x1, y1, x2, y2 in pixels of the resized image), positive samples first; their objects'
 * indices u32, P at least; the positive samples' count u32 [1]; placements u32 [G, 5], for each object the left and the
 * top of its rectangle in pixels, its words in a row, its rows, and its first word; words u32 [W]; image info u32 [4],
 * whose last two are height and width of the resized image.
 * Output: f32 dense [P, size, size], from 0 to 1, zeros past the count. No gradient.
 */
export const maskTargets: Op<{ size: number }> = {
  name: 'maskTargets',
  constants: [0],
  infer([boxes, objects, positives, placements, words, image], { size }) {
    const [samples] = boxes?.shape ?? [];
    if (boxes?.shape.join() !== `${samples},4` || !((objects?.shape[0] ?? -1) >= samples)) {
      throw new ShapeError('maskTargets: boxes must be [P, 4], and there must be an object for each');
    }
    if (positives?.shape.join() !== '1' || placements?.shape[1] !== 5 || !(size >= 1)) {
      throw new ShapeError('maskTargets: needs a count [1], placements [G, 5] and a size');
    }
    if (words?.dtype !== 'u32' || words.shape.length !== 1 || image?.shape.join() !== '4') {
      throw new ShapeError('maskTargets: masks must be u32 [W], and image info [4]');
    }
    return [dense([samples, size, size])];
  },
  forward(context, inputs, [wanted], { size }) {
    const operand = (index: number, element: string) => read(required(inputs, index, 'maskTargets'), element);
    dispatchItems(context, wanted.spec.shape[0] * size * size, {
      kernel: 'detection/mask_targets',
      source: geometrySource + maskTargetsSource,
      defines: { MAX_SAMPLES, LEVELS: 1, SAMPLES: 0, ALIGNED: false },
      bindings: {
        boxes: operand(0, 'vec4f'),
        objects: operand(1, 'u32'),
        positives: operand(2, 'u32'),
        placements: operand(3, 'u32'),
        bits: operand(4, 'u32'),
        image: operand(5, 'u32'),
        wanted: write(wanted, 'f32'),
      },
      params: { side: u32(size) },
    });
  },
};
