import dropoutSource from '../../shaders/dropout/dropout.wgsl';
import philoxSource from '../../shaders/lib/philox.wgsl';
import { f32, u32 } from '../gpu/kernel';
import { dispatchItemwise, vec4Units } from './itemwise';
import { read, required, ShapeError, write, type Op } from './op';

export interface DropoutAttributes {
  /** How likely an element becomes zero. */
  readonly probability: number;
  /** Sets apart draws of one step: a number for each use. */
  readonly stream: number;
}

/**
 * Each element becomes zero with a probability, and is divided by the probability that it does not otherwise, as
 * torch.nn.Dropout in training (Srivastava et al., "Dropout", 2014). Element i in memory is kept where word i % 4 of
 * Philox4x32-10 of the counter (i / 4, step, stream, 1) and the key (seed, 0) is at least 2^32 times the probability: the
 * same on every device, and never stored, for the backward draws it anew.
 *
 * Inputs: x f32 of any shape and layout; random u32 [2], seed and step. Output: y as x.
 */
export const dropout: Op<DropoutAttributes> = {
  name: 'dropout',
  itemwise: true,
  infer([x, random], { probability }) {
    if (x?.dtype !== 'f32' || random?.dtype !== 'u32' || random.shape.join() !== '2') {
      throw new ShapeError('dropout: x must be f32, and seed and step u32 [2]');
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new ShapeError(`dropout: ${probability} is no probability`);
    }
    return [x];
  },
  forward(context, inputs, [y], { probability, stream }) {
    const [x, random] = [0, 1].map((i) => required(inputs, i, 'dropout'));
    dispatchItemwise(context, y, vec4Units(x.spec), {
      kernel: 'dropout',
      source: philoxSource + dropoutSource,
      bindings: { x: read(x, 'vec4f'), random: read(random, 'u32'), y: write(y, 'vec4f') },
      params: {
        stream: u32(stream),
        threshold: u32(Math.min(2 ** 32 - 1, Math.round(probability * 2 ** 32))),
        // of probability 1, the largest word would be kept
        scale: f32(probability === 1 ? 0 : 1 / (1 - probability)),
      },
    });
  },
  backward: (build, { inputs: [, random], gradients: [dy], attributes }) => [
    build.apply1(dropout, [dy, random], attributes),
    null,
  ],
};
