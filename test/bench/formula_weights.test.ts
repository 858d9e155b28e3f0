import { describe, expect, it } from 'vitest';
import { formulaImage, formulaWeights } from '../../src/bench/formula_weights';
import { expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';

const formulas = fixtures<{ weight: string; shape: number[] }>('resnet_classifier').find(
  ({ name }) => name === 'formulas',
);

describe('weights and images by formula', () => {
  it("are Python's, bit for bit", () => {
    const { weight, shape } = formulas?.attributes ?? { weight: '', shape: [] };
    expectSame(formulaWeights(new Map([[weight, shape]])).get(weight) ?? [], formulas?.outputs.weight.data ?? []);
    expectSame(formulaImage(21, 18, 3).data, formulas?.outputs.image.data ?? []);
    expect(formulas?.outputs.image.shape).toEqual([21, 18, 3]);
  });

  it('leave BatchNorms the identity, and biases zero', () => {
    const names = ['bn1.weight', 'bn1.running_var', 'bn1.running_mean', 'bn1.bias', 'layer1.0.bn3.weight', 'fc.bias'];
    const weights = formulaWeights(new Map(names.map((name) => [name, [2]])));
    expect(names.map((name) => weights.get(name)?.[1])).toEqual([1, 1, 0, 0, 0.5, 0]);
  });
});
