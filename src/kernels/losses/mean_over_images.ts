import meanSource from '../../../shaders/losses/mean.wgsl';
import { f32 } from '../../gpu/kernel';
import { binary } from '../elementwise';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';

/**
 * The mean of a loss over all samples of a batch, from the sums of its images: (sum of the sums) / (sum of the counts *
 * itemTerms), 0 where nothing was sampled.
 *
 * Inputs: for each image the sum f32 [1] and the count of samples u32 [1], in turn. Outputs: f32 [1]; the divisor, f32
 * [1], 1 where nothing was sampled.
 */
export const meanOverImages: Op<{
  /** Terms of a sample that the mean is over: the pixels of a mask, otherwise 1. */
  readonly itemTerms: number;
}> = {
  name: 'meanOverImages',
  infer(inputs, { itemTerms }) {
    const fits = inputs.every(
      (input, i) => input?.shape.join() === '1' && input.dtype === (i % 2 === 0 ? 'f32' : 'u32'),
    );
    if (inputs.length === 0 || inputs.length % 2 !== 0 || !fits || !(itemTerms >= 1)) {
      throw new ShapeError('meanOverImages: needs a sum f32 [1] and a count u32 [1] of each image');
    }
    return [dense([1]), dense([1])];
  },
  forward(context, inputs, [mean, divisor], { itemTerms }) {
    const totals = context.scratch(dense([2]));
    for (let i = 0; i < inputs.length; i += 2) {
      const [first, last] = [i === 0, i + 2 === inputs.length];
      dispatchItems(context, 1, {
        kernel: `losses/mean${first ? ' first' : ''}${last ? ' last' : ''}`,
        source: meanSource,
        defines: { FIRST: first, LAST: last },
        bindings: {
          image_sum: read(required(inputs, i, 'meanOverImages'), 'f32'),
          image_count: read(required(inputs, i + 1, 'meanOverImages'), 'u32'),
          ...(first && last ? {} : { totals: write(totals, 'f32') }),
          ...(last ? { mean: write(mean, 'f32'), divisors: write(divisor, 'f32') } : {}),
        },
        params: { item_terms: f32(itemTerms) },
      });
    }
  },
  backward(build, { inputs, outputs: [, divisor], gradients: [dy] }) {
    const share = build.apply1(binary, [dy, divisor], { function: 'div', activation: 'none' });
    return inputs.map((_, i) => (i % 2 === 0 ? share : null));
  },
};
