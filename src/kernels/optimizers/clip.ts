import factorSource from '../../../shaders/optimizers/clip_factor.wgsl';
import partSumsSource from '../../../shaders/optimizers/part_sums.wgsl';
import { f32, u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';
import { checkChunks, dispatchParts, partsOf } from './arena';

/** What the parts of all chunks are summed to before a single invocation takes them. */
const SUMS = 128;

/**
 * The Euclidean norm of gradients, and the factor that limits it, as torch.nn.utils.clip_grad_norm_. Inputs: the chunks of
 * the gradient arena, whose padding is zero. Outputs: norm [1], before clipping, and factor [1] =
 * min(1, largest / (norm + 1e-6)). The order of the additions depends on the lengths alone, so results repeat bit by bit.
 */
export const clipFactor: Op<{ largest: number }> = {
  name: 'clipFactor',
  infer(inputs) {
    const chunks = inputs.filter((chunk) => chunk !== null);
    if (chunks.length === 0) {
      throw new ShapeError('clipFactor: there are no gradients');
    }
    chunks.forEach((chunk) => checkChunks('clipFactor', chunk, chunk));
    return [dense([1]), dense([1])];
  },
  forward(context, inputs, [norm, factor], { largest }) {
    const chunks = inputs.filter((chunk) => chunk !== null);
    const total = chunks.reduce((sum, { spec }) => sum + partsOf(spec), 0);
    const parts = context.scratch(dense([total]));
    let first = 0;
    for (const chunk of chunks) {
      dispatchParts(context, 'squares', [chunk], parts, first);
      first += partsOf(chunk.spec);
    }
    const run = Math.ceil(total / SUMS);
    const sums = context.scratch(dense([Math.ceil(total / run)]));
    dispatchItems(context, sums.spec.shape[0], {
      kernel: 'optimizers/part_sums',
      source: partSumsSource,
      bindings: { parts: read(parts, 'f32'), sums: write(sums, 'f32') },
      params: { parts: u32(total), run: u32(run) },
    });
    dispatchItems(context, 1, {
      kernel: 'optimizers/clip_factor',
      source: factorSource,
      bindings: { sums: read(sums, 'f32'), norm: write(norm, 'f32'), factor: write(factor, 'f32') },
      params: { sums: u32(sums.spec.shape[0]), largest: f32(largest) },
    });
  },
};
