import decodeSource from '../../shaders/boxes/decode.wgsl';
import rescaleSource from '../../shaders/boxes/rescale.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { dispatchItemwise, vec4Units } from './itemwise';
import { linearWalk, read, required, ShapeError, write, type Op } from './op';
import { dense, pitch } from './tensor';

export interface DecodeBoxesAttributes {
  /** Divisors of dx, dy, dw, dh. */
  readonly weights: readonly [number, number, number, number];
  /** Boxes for which a row of the deltas has a group of four each: anchors of a cell, or 1. */
  readonly groupsPerRow: number;
  /** Take group segment + 1 of the row: class-wise deltas, whose group 0 is the background's. */
  readonly segmentGroup: boolean;
}

/**
 * Boxes from regression deltas (torchvision's BoxCoder.decode_single, with dw and dh at most ln(1000 / 16)), clipped to
 * the resized image.
 *
 * Inputs: deltas f32 channels4 [..., G * 4]; reference boxes f32 dense [L, 4] (x1, y1, x2, y2 in pixels of the resized
 * image); indices u32 [S, k] into them; counts u32 [S]; image info u32 [4]. Output: f32 dense [S, k, 4], zeros past the
 * counts.
 */
export const decodeBoxes: Op<DecodeBoxesAttributes> = {
  name: 'decodeBoxes',
  infer([deltas, references, indices, counts]) {
    if (deltas?.layout !== 'channels4' || (deltas.shape.at(-1) ?? 1) % 4 !== 0) {
      throw new ShapeError('decodeBoxes: deltas must be channels4 with groups of four');
    }
    if (references?.layout !== 'dense' || references.shape.length !== 2 || references.shape[1] !== 4) {
      throw new ShapeError('decodeBoxes: reference boxes must be dense [L, 4]');
    }
    if (indices?.shape.length !== 2 || counts?.shape[0] !== indices.shape[0]) {
      throw new ShapeError('decodeBoxes: indices must be [S, k] and counts [S]');
    }
    return [dense([...indices.shape, 4])];
  },
  forward(context, inputs, [boxes], { weights, groupsPerRow, segmentGroup }) {
    const deltas = required(inputs, 0, 'decodeBoxes');
    const [segments, k] = boxes.spec.shape;
    const { defines } = linearWalk(context.capabilities, segments * k);
    context.dispatch({
      kernel: 'boxes/decode',
      source: decodeSource,
      defines,
      bindings: {
        deltas: read(deltas, 'vec4f'),
        references: read(required(inputs, 1, 'decodeBoxes'), 'vec4f'),
        indices: read(required(inputs, 2, 'decodeBoxes'), 'u32'),
        counts: read(required(inputs, 3, 'decodeBoxes'), 'u32'),
        image: read(required(inputs, 4, 'decodeBoxes'), 'u32'),
        boxes: write(boxes, 'vec4f'),
      },
      params: {
        k: u32(k),
        groups: u32(pitch(deltas.spec) / 4),
        groupsPerRow: u32(groupsPerRow),
        firstGroup: u32(segmentGroup ? 1 : 0),
        weightX: f32(weights[0]),
        weightY: f32(weights[1]),
        weightWidth: f32(weights[2]),
        weightHeight: f32(weights[3]),
      },
      workgroups: [Math.ceil(k / (defines.LANES * defines.STEPS)), segments, 1],
    });
  },
};

/**
 * Boxes in pixels of the source image from boxes in pixels of the resized one (torchvision's resize_boxes).
 * Inputs: boxes f32 dense [n, 4], image info u32 [4]. Output: f32 dense [n, 4].
 */
export const rescaleBoxes: Op<Record<string, never>> = {
  name: 'rescaleBoxes',
  itemwise: true,
  infer([boxes]) {
    if (boxes?.layout !== 'dense' || boxes.shape.length !== 2 || boxes.shape[1] !== 4) {
      throw new ShapeError('rescaleBoxes: boxes must be dense [n, 4]');
    }
    return [boxes];
  },
  forward(context, inputs, [y]) {
    const x = required(inputs, 0, 'rescaleBoxes');
    dispatchItemwise(context, y, vec4Units(y.spec), {
      kernel: 'boxes/rescale',
      source: rescaleSource,
      bindings: { x: read(x, 'vec4f'), image: read(required(inputs, 1, 'rescaleBoxes'), 'u32'), y: write(y, 'vec4f') },
    });
  },
};
