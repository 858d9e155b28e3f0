import averageSource from '../../../shaders/optimizers/moving_average.wgsl';
import { dispatchItemwise, vec4Units } from '../itemwise';
import { read, required, write, type Op } from '../op';
import { checkChunks } from './arena';

/**
 * average += weight (parameters - average), for a chunk of the arena of averages (a state), the same chunk of the
 * parameters, and weight [1]. With weight 1 the average becomes the parameters to the last bit, with 0 it stays.
 */
export const moveAverage: Op<Record<string, never>> = {
  name: 'moveAverage',
  updates: [0],
  infer(inputs) {
    const [average, parameters] = [required(inputs, 0, 'moveAverage'), required(inputs, 1, 'moveAverage')];
    checkChunks('moveAverage', average, parameters);
    return [];
  },
  forward(context, inputs) {
    const [average, parameters] = [required(inputs, 0, 'moveAverage'), required(inputs, 1, 'moveAverage')];
    dispatchItemwise(context, {}, vec4Units(average.spec), {
      kernel: 'optimizers/moving_average',
      source: averageSource,
      bindings: {
        parameters: read(parameters, 'vec4f'),
        weight: read(required(inputs, 2, 'moveAverage'), 'f32'),
        average: write(average, 'vec4f'),
      },
    });
  },
};
