import blurSource from '../../../shaders/augment/blur.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, write, type Op, type Operand } from '../op';
import { checkGeometry, checkWords, imageMap } from './checks';
import { EFFECT_WORDS } from './effects';

/**
 * Gaussian blur of an image without its padding, which stays zero: torchvision's gaussian_blur, edges reflected.
 *
 * Inputs: image [1, height, width, 3]; geometry, u32 of packGeometry(), whose result is the image without padding; effects,
 * u32 of packEffects(). Output: the same shape.
 */
export const blurImage: Op<Record<string, never>> = {
  name: 'blurImage',
  infer(inputs) {
    checkGeometry('blurImage', inputs, 1);
    checkWords('blurImage', inputs, 2, 'the effects', [EFFECT_WORDS]);
    return [imageMap('blurImage', inputs)];
  },
  forward(context, inputs, [blurred]) {
    const image = required(inputs, 0, 'blurImage');
    const between = context.scratch(image.spec);
    const pass = (x: Operand, y: Operand, rows: boolean): void => {
      dispatchItemwise(context, y, vec4Units(y.spec), {
        kernel: `augment/blur ${rows ? 'rows' : 'columns'}`,
        source: blurSource,
        defines: { ROWS: rows },
        bindings: {
          x: read(x, 'vec4f'),
          geometry: read(required(inputs, 1, 'blurImage'), 'u32'),
          effects: read(required(inputs, 2, 'blurImage'), 'u32'),
          y: write(y, 'vec4f'),
        },
        params: { width: u32(image.spec.shape[2]) },
      });
    };
    pass(image, between, true);
    pass(between, blurred, false);
  },
};
