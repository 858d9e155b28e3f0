import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors';
import { layOut } from '../../src/graph/states';
import { createOptimizer } from '../../src/train/optimizers';
import { parameterGroups, trainableParameters, type GroupSettings } from '../../src/train/parameter_groups';

const norm = (name: string): string[] =>
  ['weight', 'bias', 'running_mean', 'running_var'].map((part) => `${name}.${part}`);
const NAMES = [
  'backbone.body.conv1.weight',
  ...norm('backbone.body.bn1'),
  'backbone.body.layer1.0.conv1.weight',
  ...norm('backbone.body.layer1.0.bn1'),
  'backbone.body.layer2.0.downsample.0.weight',
  ...norm('backbone.body.layer2.0.downsample.1'),
  'backbone.fpn.inner_blocks.0.0.weight',
  'backbone.fpn.inner_blocks.0.0.bias',
  'roi_heads.box_head.fc6.weight',
  'roi_heads.box_head.fc6.bias',
];
const PLAIN: GroupSettings = { frozenStages: 0, backboneMultiplier: 1, noDecay: [], groups: [] };

describe('trainableParameters', () => {
  test('all but frozen BatchNorms', () => {
    expect(trainableParameters(NAMES, PLAIN)).toEqual([
      'backbone.body.conv1.weight',
      'backbone.body.layer1.0.conv1.weight',
      'backbone.body.layer2.0.downsample.0.weight',
      'backbone.fpn.inner_blocks.0.0.weight',
      'backbone.fpn.inner_blocks.0.0.bias',
      'roi_heads.box_head.fc6.weight',
      'roi_heads.box_head.fc6.bias',
    ]);
  });

  test.each([
    [1, 'backbone.body.layer1.0.conv1.weight'],
    [2, 'backbone.body.layer2.0.downsample.0.weight'],
    [3, 'backbone.fpn.inner_blocks.0.0.weight'],
    [5, 'backbone.fpn.inner_blocks.0.0.weight'],
  ])('with %i frozen stages from %s on', (frozenStages, first) => {
    const all = trainableParameters(NAMES, PLAIN);
    expect(trainableParameters(NAMES, { ...PLAIN, frozenStages })).toEqual(all.slice(all.indexOf(first)));
  });

  test('not what is multiplied by 0; a group counts before the backbone', () => {
    const groups = [
      { pattern: '*.fc6.bias', learningRateMultiplier: 0, weightDecay: null },
      { pattern: '*.layer2.*', learningRateMultiplier: 2, weightDecay: null },
    ];
    expect(trainableParameters(NAMES, { ...PLAIN, backboneMultiplier: 0, groups })).toEqual([
      'backbone.body.layer2.0.downsample.0.weight',
      'backbone.fpn.inner_blocks.0.0.weight',
      'backbone.fpn.inner_blocks.0.0.bias',
      'roi_heads.box_head.fc6.weight',
    ]);
  });

  test('those of a group lie side by side', () => {
    expect(trainableParameters(NAMES, { ...PLAIN, noDecay: ['*.bias'] }).slice(-2)).toEqual([
      'backbone.fpn.inner_blocks.0.0.bias',
      'roi_heads.box_head.fc6.bias',
    ]);
  });

  const all = { pattern: '*', learningRateMultiplier: 0, weightDecay: null };
  test.each<[Partial<GroupSettings>, RegExp]>([
    [{ noDecay: ['*.bias', '*.fc7.bias'] }, /train.no_decay\[1\] is \*.fc7.bias and fits no parameter/],
    [
      { groups: [{ ...all, pattern: 'roi_head.box_head.fc6.weight' }] },
      /train.groups\[0\].pattern is .* the nearest is roi_heads.box_head.fc6.weight/,
    ],
    [{ noDecay: ['fc6'] }, /fits no parameter/],
    [{ noDecay: ['*bias*bias'] }, /fits no parameter/],
    [{ noDecay: ['conv1*weight'] }, /fits no parameter/],
    [{ groups: [all] }, /no parameter is left to train/],
  ])('%j is refused', (change, message) => {
    expect(() => trainableParameters(NAMES, { ...PLAIN, ...change })).toThrow(InputError);
    expect(() => trainableParameters(NAMES, { ...PLAIN, ...change })).toThrow(message);
  });

  test.each(['*', '*.bias', 'roi_heads.*', 'roi*fc6*bias', '*conv1*weight*', 'roi_heads.box_head.fc6.weight'])(
    '%s fits',
    (pattern) => {
      expect(() => trainableParameters(NAMES, { ...PLAIN, noDecay: [pattern] })).not.toThrow();
    },
  );
});

describe('parameterGroups', () => {
  const settings: GroupSettings = {
    frozenStages: 1,
    backboneMultiplier: 0.1,
    noDecay: ['*.bias'],
    groups: [
      { pattern: '*.fc6.*', learningRateMultiplier: 2, weightDecay: null },
      { pattern: '*.fc6.weight', learningRateMultiplier: 3, weightDecay: null },
      { pattern: '*.inner_blocks.*', learningRateMultiplier: 1, weightDecay: 0.5 },
    ],
  };
  const names = trainableParameters(NAMES, settings);
  const layout = layOut(
    names.map((name, i) => [name, 65 + i] as const),
    3 * 128 * 4,
  );

  test('the first group that fits, then no_decay and the backbone', () => {
    expect(names).toEqual([
      'backbone.body.layer1.0.conv1.weight',
      'backbone.body.layer2.0.downsample.0.weight',
      'backbone.fpn.inner_blocks.0.0.weight',
      'backbone.fpn.inner_blocks.0.0.bias',
      'roi_heads.box_head.fc6.weight',
      'roi_heads.box_head.fc6.bias',
    ]);
    expect(parameterGroups(layout, settings)).toEqual([
      { learningRateFactor: 0.1, ranges: [{ chunk: 0, first: 0, end: 256 }] },
      {
        learningRateFactor: 1,
        weightDecay: 0.5,
        ranges: [
          { chunk: 0, first: 256, end: 384 },
          { chunk: 1, first: 0, end: 128 },
        ],
      },
      { learningRateFactor: 2, ranges: [{ chunk: 1, first: 128, end: 256 }] },
      { learningRateFactor: 2, weightDecay: 0, ranges: [{ chunk: 1, first: 256, end: 384 }] },
    ]);
  });

  test('an optimizer takes them', () => {
    const optimizer = createOptimizer({ type: 'sgd', weightDecay: 0.1 }, layout, parameterGroups(layout, settings));
    expect([...optimizer.hyper(0, 0.5)].filter((_, i) => i % 4 === 0)).toEqual([0.05, 0.5, 1, 1].map(Math.fround));
  });
});
