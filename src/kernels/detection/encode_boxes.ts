import encodeSource from '../../../shaders/detection/encode.wgsl';
import { f32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';

/**
 * The regression deltas that take each positive sample to its object's box (torchvision's BoxCoder.encode_single); the
 * inverse of decodeBoxes.
 *
 * Inputs: samples u32 [S], indices of candidates; their count u32 [1]; candidates f32 dense [N, 4]; matches i32 [N] from
 * matchBoxes; objects' boxes f32 dense [G, 4] (boxes: x1, y1, x2, y2 in pixels). Output: f32 dense [S, 4], zeros for
 * samples without an object and past the count. No gradient.
 */
export const encodeBoxes: Op<{ weights: readonly [number, number, number, number] }> = {
  name: 'encodeBoxes',
  constants: [2, 4],
  infer([samples, count, candidates, matches, boxes]) {
    const n = candidates?.shape[0];
    if (samples?.shape.length !== 1 || count?.shape.join() !== '1' || matches?.shape.join() !== String(n)) {
      throw new ShapeError('encodeBoxes: samples must be [S] with a count [1], candidates [N, 4] and matches [N]');
    }
    if (candidates?.shape[1] !== 4 || boxes?.shape[1] !== 4) {
      throw new ShapeError('encodeBoxes: boxes must have four coordinates');
    }
    return [dense([samples.shape[0], 4])];
  },
  forward(context, inputs, [deltas], { weights }) {
    const operand = (index: number, element: string) => read(required(inputs, index, 'encodeBoxes'), element);
    dispatchItems(context, deltas.spec.shape[0], {
      kernel: 'detection/encode',
      source: encodeSource,
      bindings: {
        samples: operand(0, 'u32'),
        count: operand(1, 'u32'),
        candidates: operand(2, 'vec4f'),
        matches: operand(3, 'i32'),
        boxes: operand(4, 'vec4f'),
        deltas: write(deltas, 'vec4f'),
      },
      params: {
        weightX: f32(weights[0]),
        weightY: f32(weights[1]),
        weightWidth: f32(weights[2]),
        weightHeight: f32(weights[3]),
      },
    });
  },
};
