import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Checkpoint, HostTensor } from '../../src/io/checkpoint';
import { describeCheckpoint } from '../../src/io/describe';
import { loadCheckpoint } from '../../src/io/load';
import { matchParameters } from '../../src/io/match';
import { canonicalName, stripWrapperPrefix } from '../../src/io/names';
import { inputError } from './checks';

const slim = new URL('../../../shared/data/slim/slim.pth', import.meta.url);
const shapes = JSON.parse(
  readFileSync(new URL('../reference/io/torchvision_shapes.json', import.meta.url), 'utf8'),
) as Record<string, Record<string, number[]>>;

/** Shapes are all that is looked at here; the data stay empty. */
function checkpoint(named: Record<string, number[]>): Checkpoint {
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of Object.entries(named)) {
    tensors.set(name, { shape, dtype: 'f32', data: new Float32Array(0) });
  }
  return { file: 'w.pth', format: 'pytorch-zip', tensors, metadata: {} };
}

function model(name: string): Record<string, number[]> {
  return structuredClone(shapes[name]);
}

const wanted = (named: Record<string, number[]>): Map<string, number[]> => new Map(Object.entries(named));
const refusal = (found: Record<string, number[]>, expected: Record<string, number[]>): Promise<string> =>
  inputError(() => matchParameters(checkpoint(found), wanted(expected)));

/** The names as torchvision wrote them before 0.13. */
function oldNames(named: Record<string, number[]>): Record<string, number[]> {
  const renamed = Object.entries(named).map(([name, shape]): [string, number[]] => {
    const old = name
      .replace(/_blocks\.(\d)\.0\./, '_blocks.$1.')
      .replace('rpn.head.conv.0.0.', 'rpn.head.conv.')
      .replace(/mask_head\.(\d)\.0\./, (_, n: string) => `mask_head.mask_fcn${Number(n) + 1}.`);
    return [old, shape];
  });
  return Object.fromEntries(renamed);
}

describe('names', () => {
  it('brings the old names to the present ones', () => {
    const present = model('maskrcnn_resnet50_fpn');
    const old = oldNames(present);
    expect(old['backbone.fpn.inner_blocks.3.bias']).toEqual([256]);
    expect(old['rpn.head.conv.weight']).toEqual([256, 256, 3, 3]);
    expect(old['roi_heads.mask_head.mask_fcn4.weight']).toEqual([256, 256, 3, 3]);
    expect(Object.keys(old).map(canonicalName)).toEqual(Object.keys(present));
    expect(Object.keys(present).map(canonicalName)).toEqual(Object.keys(present));
  });

  it('takes off wrappers only where all names have them', () => {
    const keys = (names: string[]): string[] => [...stripWrapperPrefix(new Map(names.map((n) => [n, 0]))).keys()];
    expect(keys(['module.a', 'module.b'])).toEqual(['a', 'b']);
    expect(keys(['module._orig_mod.a'])).toEqual(['a']);
    expect(keys(['module.a', 'b'])).toEqual(['module.a', 'b']);
    expect(keys([])).toEqual([]);
  });
});

describe('matchParameters', () => {
  it('gives every parameter, from names of both eras', () => {
    const present = model('maskrcnn_resnet50_fpn');
    for (const found of [present, oldNames(present)]) {
      const matched = matchParameters(checkpoint({ ...found, 'x.num_batches_tracked': [] }), wanted(present));
      const parameters = Object.keys(present).filter((name) => !name.endsWith('.num_batches_tracked'));
      expect([...matched.keys()]).toEqual(parameters);
    }
  });

  it('gives the very values', () => {
    const data = Float32Array.of(1, 2);
    const tensors = new Map<string, HostTensor>([['rpn.head.conv.bias', { shape: [2], dtype: 'f32', data }]]);
    const matched = matchParameters({ ...checkpoint({}), tensors }, new Map([['rpn.head.conv.0.0.bias', [2]]]));
    expect(matched.get('rpn.head.conv.0.0.bias')).toBe(data);
  });

  it('lists everything in one message', async () => {
    const found = model('maskrcnn_resnet50_fpn');
    delete found['backbone.body.conv1.weight'];
    found['roi_heads.box_head.fc6.weight'] = [1024, 3136];
    found['roi_heads.box_head.fc7.bias'] = [1024, 1];
    for (let i = 0; i < 7; i++) {
      found[`extra.${i}`] = [1];
    }
    const message = await refusal(found, model('maskrcnn_resnet50_fpn'));
    expect(message).toContain('1 missing (backbone.body.conv1.weight)');
    expect(message).toContain('7 unexpected (extra.0, extra.1, extra.2, extra.3, extra.4 and 2 more)');
    expect(message).toContain(
      '2 of another shape (roi_heads.box_head.fc6.weight: file has [1024,3136], the model wants [1024,12544]',
    );
    expect(message).toContain('roi_heads.box_head.fc7.bias: file has [1024,1], the model wants [1024])');
  });

  it('tells another number of classes from another model', async () => {
    const two = Object.fromEntries(
      Object.entries(model('maskrcnn_resnet50_fpn')).map(([name, shape]) => {
        const outputs = /cls_score|mask_fcn_logits/.test(name)
          ? 2
          : /box_predictor\.bbox_pred/.test(name)
            ? 8
            : shape[0];
        return [name, [outputs, ...shape.slice(1)] as number[]];
      }),
    );
    const message = await refusal(model('maskrcnn_resnet50_fpn'), two);
    expect(message).toContain('90 and background in the file, 1 and background in the model');
    expect(message).toContain('roi_heads.box_predictor.cls_score.weight: file has [91,1024], the model wants [2,1024]');
    expect(message).toContain('set "classes" in the configuration');
    const both = await refusal({ ...model('maskrcnn_resnet50_fpn'), 'rpn.head.bbox_pred.bias': [8] }, two);
    expect(both).not.toContain('"classes"');
    expect(both).toContain('7 of another shape');
    const anchors = await refusal({ ...two, 'rpn.head.bbox_pred.bias': [8] }, two);
    expect(anchors).toContain('1 of another shape (rpn.head.bbox_pred.bias: file has [8], the model wants [12])');
  });

  it('names another model', async () => {
    expect(await refusal(model('resnet18'), model('maskrcnn_resnet50_fpn'))).toMatch(/ResNet classifier \(fc\.weight/);
    const none = await refusal({ 'a.weight': [1] }, { 'b.weight': [1] });
    expect(none).toContain('1 missing (b.weight); 1 unexpected (a.weight)');
  });

  it('refuses a parameter of integers, and one there twice', async () => {
    const tensors = new Map<string, HostTensor>([['w', { shape: [1], dtype: 'i32', data: Int32Array.of(1) }]]);
    const integers = await inputError(() => matchParameters({ ...checkpoint({}), tensors }, new Map([['w', [1]]])));
    expect(integers).toContain('1 not of a float kind (w (i32))');
    const twice = { 'rpn.head.conv.bias': [1], 'rpn.head.conv.0.0.bias': [1] };
    expect(await refusal(twice, twice)).toMatch(
      /"rpn\.head\.conv\.0\.0\.bias" is there under its old and its present name/,
    );
  });
});

describe('describeCheckpoint', () => {
  const heads = { rpn: { convs: 1, anchorsPerLocation: 3 }, box: { poolSize: 7, hidden: [1024, 1024] } };
  const mask = { channels: [256, 256, 256, 256], upsampleChannels: 256 };
  const r50 = {
    backbone: 'resnet50',
    stages: [1, 2, 3, 4],
    stageBlocks: [3, 4, 6, 3],
    stageChannels: [256, 512, 1024, 2048],
    fpn: { channels: 256, levels: 4, stages: [1, 2, 3, 4] },
    ...heads,
    mask,
    classes: 91,
  };

  it('recognises torchvision models, by names of both eras', () => {
    const facts = (name: string): unknown => describeCheckpoint(checkpoint(model(name)));
    expect(facts('maskrcnn_resnet50_fpn')).toEqual(r50);
    expect(describeCheckpoint(checkpoint(oldNames(model('maskrcnn_resnet50_fpn'))))).toEqual(r50);
    expect(facts('fasterrcnn_resnet50_fpn')).toEqual({ ...r50, mask: null });
    expect(facts('maskrcnn_resnet34_fpn_5')).toEqual({
      ...r50,
      backbone: 'resnet34',
      stageChannels: [64, 128, 256, 512],
      classes: 5,
    });
    expect(facts('maskrcnn_resnet101_fpn_3')).toEqual({
      ...r50,
      backbone: 'resnet101',
      stageBlocks: [3, 4, 23, 3],
      fpn: { channels: 256, levels: 3, stages: [2, 3, 4] },
      classes: 3,
    });
  });

  it.skipIf(!existsSync(slim))('recognises slim (skipped where ../shared/data/slim is absent)', async () => {
    expect(describeCheckpoint(await loadCheckpoint(slim.pathname))).toEqual({
      backbone: 'resnet18',
      stages: [1, 2, 3],
      stageBlocks: [2, 2, 2],
      stageChannels: [64, 128, 256],
      fpn: { channels: 64, levels: 3, stages: [1, 2, 3] },
      rpn: { convs: 1, anchorsPerLocation: 3 },
      box: { poolSize: 7, hidden: [256, 256] },
      mask: { channels: [64, 64], upsampleChannels: 64 },
      classes: 2,
    });
  });

  const without = (name: string): Record<string, number[]> => {
    const named = model('maskrcnn_resnet50_fpn');
    delete named[name];
    return named;
  };
  const changed = (name: string, shape: number[]): Record<string, number[]> => ({
    ...model('maskrcnn_resnet50_fpn'),
    [name]: shape,
  });
  const others: [string, Record<string, number[]>, RegExp][] = [
    ['a classifier', model('resnet18'), /a ResNet classifier \(fc\.weight, no rpn or roi_heads\)/],
    ['torchvision v2', model('maskrcnn_resnet50_fpn_v2'), /torchvision's v2 form of Mask R-CNN/],
    ['Keypoint R-CNN', model('keypointrcnn_resnet50_fpn'), /a Keypoint R-CNN/],
    ['RetinaNet', model('retinanet_resnet50_fpn'), /a single-stage detector/],
    ['Detectron2', { 'backbone.bottom_up.res2.0.conv1.weight': [64, 64, 1, 1] }, /a Detectron2 model/],
    ['MMDetection', { 'rpn_head.rpn_conv.weight': [256, 256, 3, 3] }, /an MMDetection model/],
    ['something else', { 'w.a': [1], 'w.b': [1] }, /not those of a detector \(its tensors are w\.a, w\.b\)/],
    ['nothing', {}, /it holds no tensors/],
    [
      'a body cut short',
      without('backbone.body.layer3.2.conv1.weight'),
      /body of \[3,4,2,3\] bottleneck blocks is none of/,
    ],
    ['no FPN', without('backbone.fpn.inner_blocks.0.0.weight'), /backbone\.fpn\.inner_blocks\.0\.0\.weight is missing/],
    ['no RPN convolution', without('rpn.head.conv.0.0.weight'), /rpn\.head\.conv\.0\.0\.weight is missing/],
    ['no box head', without('roi_heads.box_head.fc6.weight'), /roi_heads\.box_head\.fc6\.weight is missing/],
    [
      'no mask logits',
      without('roi_heads.mask_predictor.mask_fcn_logits.weight'),
      /mask_fcn_logits\.weight is missing/,
    ],
    ['a scalar', changed('roi_heads.box_head.fc7.weight', []), /fc7\.weight has the shape \[\]/],
    ['a strange pool', changed('roi_heads.box_head.fc6.weight', [1024, 12545]), /not 256 channels of a square/],
    [
      'other FPN inputs',
      changed('backbone.fpn.inner_blocks.1.0.weight', [256, 500, 1, 1]),
      /level 1 of the FPN takes 500 channels/,
    ],
    ['unlike anchors', changed('rpn.head.bbox_pred.weight', [16, 256, 1, 1]), /do not fit each other/],
    [
      'unlike classes',
      changed('roi_heads.mask_predictor.mask_fcn_logits.weight', [2, 256, 1, 1]),
      /mask head has 2 classes and the box head 91/,
    ],
  ];
  it.each(others)('says what is wrong: %s', async (_, named, message) => {
    const found = await inputError(() => describeCheckpoint(checkpoint(named)));
    expect(found).toMatch(/^w\.pth: /);
    expect(found).toMatch(message);
  });
});

describe('checkpoints of a training run', () => {
  it('give the moving averages where there are any, without what the optimizer remembers', () => {
    const tensor = (value: number): HostTensor => ({ shape: [1], dtype: 'f32', data: Float32Array.of(value) });
    const tensors = new Map(
      Object.entries({ a: 1, b: 2, 'ema/a': 3, 'optimizer/momentum/a': 4, 'optimizer/momentum/b': 5 }).map(
        ([name, value]) => [name, tensor(value)],
      ),
    );
    const run: Checkpoint = { file: 'last.safetensors', format: 'safetensors', tensors, metadata: {} };
    const matched = matchParameters(
      run,
      new Map([
        ['a', [1]],
        ['b', [1]],
      ]),
    );
    expect([...matched].map(([name, [value]]) => [name, value])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });
});
