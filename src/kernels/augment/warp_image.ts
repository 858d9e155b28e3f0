import geometrySource from '../../../shaders/augment/geometry.wgsl';
import warpSource from '../../../shaders/augment/warp_image.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { featureMap } from '../tensor';
import { channelParams, checkGeometry, checkNormalisation, checkWords, type Normalisation } from './checks';

export interface WarpImageAttributes extends Normalisation {
  /** With padding, in pixels. */
  readonly height: number;
  readonly width: number;
}

/**
 * 8-bit RGB to the map that a detector is trained on: colours changed by a table, warped by an affine transform with bilinear
 * interpolation (as PyTorch's grid_sample with align_corners=False and the nearest edge outside; what lies outside by more
 * than that edge's pixel is the border's colour, if it has one), normalised, padded with zeros on the right and at the
 * bottom. With a plain geometry and no table, what `preprocessImage` gives.
 *
 * Inputs: pixels, u32 dense [capacity], the image's rows of 3 bytes a pixel without gaps; geometry, u32 of packGeometry();
 * table, u32 [3, 256] of `colourTables`, or null. Output: [1, height, width, 3].
 */
export const warpImage: Op<WarpImageAttributes> = {
  name: 'warpImage',
  infer(inputs, { height, width, ...normalisation }) {
    const pixels = required(inputs, 0, 'warpImage');
    if (pixels.dtype !== 'u32' || pixels.shape.length !== 1 || pixels.shape[0] === 0) {
      throw new ShapeError('warpImage: pixels must be u32 [words]');
    }
    checkGeometry('warpImage', inputs, 1);
    if (inputs[2]) {
      checkWords('warpImage', inputs, 2, 'the table', [3, 256]);
    }
    checkNormalisation('warpImage', normalisation);
    return [featureMap([1, height, width, 3])];
  },
  forward(context, inputs, [y], { width, mean, std }) {
    const pixels = required(inputs, 0, 'warpImage');
    const table = inputs[2] ?? null;
    dispatchItemwise(context, y, vec4Units(y.spec), {
      kernel: `augment/warp_image${table === null ? '' : ' table'}`,
      source: geometrySource + warpSource,
      defines: { TABLE: table !== null },
      bindings: {
        pixels: read(pixels, 'u32'),
        geometry: read(required(inputs, 1, 'warpImage'), 'u32'),
        ...(table === null ? {} : { table: read(table, 'u32') }),
        y: write(y, 'vec4f'),
      },
      params: { width: u32(width), words: u32(pixels.spec.shape[0]), ...channelParams({ mean, std }) },
    });
  },
};
