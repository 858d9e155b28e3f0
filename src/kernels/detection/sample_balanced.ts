import keysSource from '../../../shaders/detection/sample_keys.wgsl';
import mergeSource from '../../../shaders/detection/sample_merge.wgsl';
import philoxSource from '../../../shaders/lib/philox.wgsl';
import { u32 } from '../../gpu/kernel';
import { dispatchItems } from '../itemwise';
import { read, required, ShapeError, write, type Op } from '../op';
import { dense } from '../tensor';
import { ALL_NUMBERS, recordTopK } from '../top_k';
import { BACKGROUND } from './match_boxes';

export interface SampleBalancedAttributes {
  /** Samples, where there are enough candidates. */
  readonly size: number;
  /** Positive samples at most, as a share of `size`. */
  readonly positiveShare: number;
  /**
   * 'random': by Philox4x32-10 of the candidate, the step and the seed; 'first': in the order of the candidates, so that
   * two implementations can be compared.
   */
  readonly choice: 'random' | 'first';
  /** Set apart draws of one step: a number for each use and image. */
  readonly stream: number;
}

/** Keys of the first choice must differ, and have 30 bits. */
const MAX_CANDIDATES = 2 ** 30;

/**
 * A minibatch of candidates with a share of positive ones, as torchvision's BalancedPositiveNegativeSampler; where the
 * positive ones are few, negative ones take their places. The same seed, step and stream choose the same candidates on
 * every device.
 *
 * Inputs: matches i32 [N] from matchBoxes; random u32 [2], seed and step (null for the choice 'first').
 * Outputs: the candidates' indices u32 [size], distinct, positive ones first, zeros past the count; their count u32 [1];
 * the count of the positive ones u32 [1].
 */
export const sampleBalanced: Op<SampleBalancedAttributes> = {
  name: 'sampleBalanced',
  infer([matches, random], { size, positiveShare, choice }) {
    if (matches?.dtype !== 'i32' || matches.shape.length !== 1 || matches.shape[0] > MAX_CANDIDATES) {
      throw new ShapeError('sampleBalanced: matches must be i32 [N]');
    }
    if (choice === 'random' && (random?.dtype !== 'u32' || random.shape.join() !== '2')) {
      throw new ShapeError('sampleBalanced: a random choice needs seed and step, u32 [2]');
    }
    if (!(size >= 1 && positiveShare >= 0 && positiveShare <= 1)) {
      throw new ShapeError(`sampleBalanced: a share of ${positiveShare} of ${size} samples is not possible`);
    }
    return [dense([size], 'u32'), dense([1], 'u32'), dense([1], 'u32')];
  },
  forward(context, inputs, [samples, count, positiveCount], { size, positiveShare, choice, stream }) {
    const matches = required(inputs, 0, 'sampleBalanced');
    const [candidates] = matches.spec.shape;
    const k = Math.min(size, candidates);
    const keys = context.scratch(dense([2, candidates]));
    const chosen = {
      values: context.scratch(dense([2, k])),
      indices: context.scratch(dense([2, k], 'u32')),
      counts: context.scratch(dense([2], 'u32')),
      available: context.scratch(dense([2], 'u32')),
    };
    const random = choice === 'random' ? required(inputs, 1, 'sampleBalanced') : null;
    dispatchItems(context, Math.ceil(candidates / 4), {
      kernel: `detection/sample_keys ${choice}`,
      source: philoxSource + keysSource,
      defines: { RANDOM: random !== null, BACKGROUND: String(BACKGROUND) },
      bindings: {
        matches: read(matches, 'i32'),
        ...(random === null ? {} : { random: read(random, 'u32') }),
        keys: write(keys, 'u32'),
      },
      params: { candidates: u32(candidates), stream: u32(stream) },
    });
    recordTopK(context, keys, chosen, { k, segments: 2 }, ALL_NUMBERS);
    dispatchItems(context, size, {
      kernel: 'detection/sample_merge',
      source: mergeSource,
      bindings: {
        chosen: read(chosen.indices, 'u32'),
        counts: read(chosen.counts, 'u32'),
        samples: write(samples, 'u32'),
        sample_count: write(count, 'u32'),
        positive_count: write(positiveCount, 'u32'),
      },
      params: { row: u32(k), size: u32(size), most_positives: u32(Math.floor(size * positiveShare)) },
    });
  },
};
