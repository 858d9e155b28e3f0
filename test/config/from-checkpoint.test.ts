import { describe, expect, it } from 'vitest';
import { configFromCheckpoint, loadConfig } from '../../src/config/load';
import { InputError } from '../../src/errors';
import type { ArchitectureFacts } from '../../src/io/describe';

const torchvision: ArchitectureFacts = {
  backbone: 'resnet50',
  stages: [1, 2, 3, 4],
  stageBlocks: [3, 4, 6, 3],
  stageChannels: [256, 512, 1024, 2048],
  fpn: { channels: 256, levels: 4, stages: [1, 2, 3, 4] },
  rpn: { convs: 1, anchorsPerLocation: 3 },
  box: { poolSize: 7, hidden: [1024, 1024] },
  mask: { channels: [256, 256, 256, 256], upsampleChannels: 256 },
  classes: 91,
};

const slim: ArchitectureFacts = {
  backbone: 'resnet18',
  stages: [1, 2, 3],
  stageBlocks: [2, 2, 2],
  stageChannels: [64, 128, 256],
  fpn: { channels: 64, levels: 3, stages: [1, 2, 3] },
  rpn: { convs: 1, anchorsPerLocation: 3 },
  box: { poolSize: 7, hidden: [256, 256] },
  mask: { channels: [64, 64], upsampleChannels: 64 },
  classes: 2,
};

const file = (metadata: Record<string, string> = {}): { file: string; metadata: Record<string, string> } => {
  return { file: 'w.pth', metadata };
};

function refusal(facts: ArchitectureFacts, metadata: Record<string, string> = {}): string {
  try {
    configFromCheckpoint(facts, file(metadata));
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('was not refused');
}

describe('configFromCheckpoint', () => {
  it("takes torchvision's configuration for weights of its form, with their classes", () => {
    const shipped = loadConfig('mask_rcnn_r50_fpn');
    expect(configFromCheckpoint(torchvision, file())).toEqual(shipped);
    expect(configFromCheckpoint({ ...torchvision, classes: 3 }, file())).toEqual({
      model: { ...shipped.model, classes: 3 },
      classNames: null,
      categoryIds: null,
    });
  });

  it.each<[string, ArchitectureFacts]>([
    ['another body', { ...torchvision, backbone: 'resnet101' }],
    ['a narrower FPN', { ...torchvision, fpn: { ...torchvision.fpn, channels: 128 } }],
    ['other levels', { ...torchvision, fpn: { channels: 256, levels: 3, stages: [2, 3, 4] } }],
    ['more anchors', { ...torchvision, rpn: { convs: 1, anchorsPerLocation: 9 } }],
    ['the RPN of the second version', { ...torchvision, rpn: { convs: 2, anchorsPerLocation: 3 } }],
    ['another box head', { ...torchvision, box: { poolSize: 7, hidden: [512, 512] } }],
    ['another pool size', { ...torchvision, box: { poolSize: 14, hidden: [1024, 1024] } }],
    ['another mask head', { ...torchvision, mask: { channels: [256, 256], upsampleChannels: 256 } }],
  ])('asks for --config with %s', (_, facts) => {
    expect(refusal(facts)).toMatch(/^w\.pth: these are weights of ResNet-.* with --config\.$/);
  });

  it('proposes a shipped configuration of the same form', () => {
    const message = refusal(slim);
    expect(message).toContain('ResNet-18 with stages 1, 2, 3, an FPN of 3 levels and 64 channels');
    expect(message).toContain('--config mask_rcnn_slim if it was trained so');
  });

  it('says that a Faster R-CNN has no masks', () => {
    expect(refusal({ ...torchvision, mask: null })).toContain('a Faster R-CNN, which has no mask head');
  });

  it('prefers what the metadata says', () => {
    const config = JSON.stringify({ model: { classes: 2, class_names: ['grain'] } });
    const { model, classNames } = configFromCheckpoint(slim, file({ 'engine.config': config }));
    expect([model.classes, classNames]).toEqual([2, ['grain']]);
    const message = refusal(torchvision, { 'engine.config': 'model:\n  classes: 0\n' });
    expect(message).toContain('w.pth (its metadata engine.config), line 2: model.classes must be');
    expect(refusal(torchvision, { 'engine.config': '_base_: x.yaml' })).toContain('_base_ has no meaning here');
    expect(refusal(torchvision, { 'engine.config': '' })).toContain('empty');
  });
});
