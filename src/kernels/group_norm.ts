import {
  checkNormalised,
  checkPair,
  normaliseGradient,
  recordMoments,
  recordNormalise,
  statisticsSpec,
} from './normalise';
import { required, ShapeError, type Op } from './op';

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the biased variance of each group of adjacent
 * channels of each item, as torch.nn.GroupNorm (Wu and He, "Group Normalization", 2018).
 * One group of a matrix [N, C] is torch.nn.LayerNorm over C.
 *
 * Inputs: x [N, .., C] channels4; weight and bias [C], or null both. Outputs: y as x; mean and variance, dense
 * [N, groups], which no gradient may flow through.
 */
export const groupNorm: Op<{ groups: number; eps: number }> = {
  name: 'groupNorm',
  itemwise: true,
  infer(inputs, { groups }) {
    const x = required(inputs, 0, 'groupNorm');
    const [weight = null, bias = null] = inputs.slice(1, 3);
    checkNormalised(x, [weight, bias], groups, 'groupNorm');
    checkPair(weight, bias, 'groupNorm');
    const moments = statisticsSpec(x, { of: 'items', groups });
    return [x, moments, moments];
  },
  forward(context, inputs, [y, mean, variance], { groups, eps }) {
    const x = required(inputs, 0, 'groupNorm');
    const [weight = null, bias = null] = inputs.slice(1, 3);
    const statistics = { of: 'items', groups } as const;
    recordMoments(context, x, statistics, { mean, variance }, null);
    recordNormalise(context, x, statistics, { mean, variance, weight, bias, eps }, y);
  },
  backward(build, { inputs, outputs: [, mean, variance], gradients, attributes: { groups, eps }, wanted }) {
    const [dy, ...others] = gradients;
    if (dy === null || others.some((gradient) => gradient !== null)) {
      throw new ShapeError('groupNorm: no gradient flows through its mean and variance');
    }
    const attributes = { statistics: { of: 'items', groups }, eps, ownMoments: true } as const;
    const results = build.apply(normaliseGradient, [dy, inputs[0], mean, variance, inputs[1] ?? null], attributes);
    return results.map((gradient, i) => (wanted[i] ? gradient : null));
  },
};
