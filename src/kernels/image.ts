import preprocessSource from '../../shaders/image/preprocess.wgsl';
import sampleSource from '../../shaders/lib/sample.wgsl';
import { f32, u32, type Param } from '../gpu/kernel';
import { dispatchItemwise, vec4Units } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';
import { featureMap } from './tensor';

/**
 * 8-bit RGB to the map that a detector sees, as torchvision's GeneralizedRCNNTransform: divided by 255, normalised with
 * `mean` and `std` (one value a channel), resized bilinearly (align_corners=False, no antialias, scale = source /
 * resized size in f32), padded with zeros on the right and at the bottom.
 *
 * Inputs: pixels, u32 dense [capacity], the image's rows of 3 bytes a pixel without gaps, little-endian in the words;
 * image info, u32 dense [4]: source height, source width, resized height, resized width, in pixels.
 * Output: [1, height, width, 3], height and width padded. The resized size must not be larger.
 */
export const preprocessImage: Op<{ height: number; width: number; mean: number[]; std: number[] }> = {
  name: 'preprocessImage',
  infer(inputs, { height, width, mean, std }) {
    const pixels = required(inputs, 0, 'preprocessImage');
    const info = required(inputs, 1, 'preprocessImage');
    if (pixels.dtype !== 'u32' || info.dtype !== 'u32' || info.shape.join() !== '4') {
      throw new ShapeError('preprocessImage: expected u32 pixels and u32 image info of 4 elements');
    }
    if (mean.length !== 3 || std.length !== 3) {
      throw new ShapeError(`preprocessImage: ${mean.length} means and ${std.length} deviations for 3 channels`);
    }
    return [featureMap([1, height, width, 3])];
  },
  forward(context, inputs, [y], { width, mean, std }) {
    const pixels = required(inputs, 0, 'preprocessImage');
    const info = required(inputs, 1, 'preprocessImage');
    dispatchItemwise(context, y, vec4Units(y.spec), {
      kernel: 'image/preprocess',
      source: sampleSource + preprocessSource,
      bindings: { pixels: read(pixels, 'u32'), info: read(info, 'u32'), y: write(y, 'vec4f') },
      params: {
        width: u32(width),
        words: u32(pixels.spec.shape[0]),
        ...channelParams('mean', mean),
        ...channelParams('std', std),
      },
    });
  },
};

function channelParams(name: string, values: readonly number[]): Record<string, Param> {
  return Object.fromEntries(values.map((value, i) => [`${name}${i}`, f32(value)]));
}
