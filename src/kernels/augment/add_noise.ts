import noiseSource from '../../../shaders/augment/noise.wgsl';
import philoxSource from '../../../shaders/lib/philox.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, write, type Op } from '../op';
import { channelParams, checkGeometry, checkNormalisation, checkWords, imageMap, type Normalisation } from './checks';
import { EFFECT_WORDS } from './effects';

/** Second word of the generator's key: numbers of a use of their own. */
export const NOISE_KEY = 0x6e6f6973;

/**
 * Adds Gaussian noise to a normalised image, for each pixel and channel drawn apart; the result is cut off at 0 and 1 (before
 * normalisation). Padding stays zero.
 *
 * Inputs: image, geometry and effects as those of `blurImage`. Output: the same shape.
 */
export const addNoise: Op<Normalisation> = {
  name: 'addNoise',
  infer(inputs, normalisation) {
    checkGeometry('addNoise', inputs, 1);
    checkWords('addNoise', inputs, 2, 'the effects', [EFFECT_WORDS]);
    checkNormalisation('addNoise', normalisation);
    return [imageMap('addNoise', inputs)];
  },
  forward(context, inputs, [y], { mean, std }) {
    const x = required(inputs, 0, 'addNoise');
    dispatchItemwise(context, y, vec4Units(y.spec), {
      kernel: 'augment/noise',
      source: philoxSource + noiseSource,
      defines: { KEY: NOISE_KEY },
      bindings: {
        x: read(x, 'vec4f'),
        geometry: read(required(inputs, 1, 'addNoise'), 'u32'),
        effects: read(required(inputs, 2, 'addNoise'), 'u32'),
        y: write(y, 'vec4f'),
      },
      params: { width: u32(x.spec.shape[2]), ...channelParams({ mean, std }) },
    });
  },
};
