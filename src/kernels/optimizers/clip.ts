import factorSource from '../../../shaders/optimizers/clip_factor.wgsl';
import partSumsSource from '../../../shaders/optimizers/part_sums.wgsl';
import squareSumsSource from '../../../shaders/optimizers/square_sums.wgsl';
import { f32, u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, ShapeError, write, type Op } from '../op';
import { dense, storedLength } from '../tensor';

/** Sums of squares of a chunk at most: many enough for every lane of a large GPU, few enough for the next pass. */
const PARTS_A_CHUNK = 16384;
/** Vec4s that a sum takes in at least. */
const UNITS_A_PART = 16;
const SUMS = 128;

/**
 * The Euclidean norm of gradients, and the factor that limits it, as torch.nn.utils.clip_grad_norm_. Inputs: the chunks of
 * the gradient arena, whose padding is zero. Outputs: norm [1], before clipping, and factor [1] =
 * min(1, largest / (norm + 1e-6)). The order of the additions depends on the lengths alone, so results repeat bit by bit.
 */
export const clipFactor: Op<{ largest: number }> = {
  name: 'clipFactor',
  infer(inputs) {
    if (inputs.length === 0 || inputs.some((chunk) => chunk?.dtype !== 'f32' || storedLength(chunk) % 4 !== 0)) {
      throw new ShapeError('clipFactor: the inputs must be chunks of gradients, f32, of a multiple of 4 elements');
    }
    return [dense([1]), dense([1])];
  },
  forward(context, inputs, [norm, factor], { largest }) {
    const chunks = inputs.flatMap((chunk) => {
      if (chunk === null) {
        return [];
      }
      const units = storedLength(chunk.spec) / 4;
      return [{ chunk, units, parts: Math.min(PARTS_A_CHUNK, Math.ceil(units / UNITS_A_PART)) }];
    });
    const total = chunks.reduce((sum, { parts }) => sum + parts, 0);
    const parts = context.scratch(dense([total]));
    let first = 0;
    for (const { chunk, units, parts: length } of chunks) {
      dispatchItems(context, length, {
        kernel: 'optimizers/square_sums',
        source: squareSumsSource,
        bindings: { gradients: read(chunk, 'vec4f'), parts: write(parts, 'f32') },
        params: { units: u32(units), stride: u32(length), first_part: u32(first) },
      });
      first += length;
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
