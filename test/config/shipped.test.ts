import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadConfig, shippedConfigs } from '../../src/config/load';
import { configSchema, toModelConfig } from '../../src/config/schema';

const from = <T>(folder: string, run: () => T): T => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return run();
  } finally {
    process.chdir(before);
  }
};

describe('shipped configurations', () => {
  it('are listed', () => {
    expect(shippedConfigs()).toEqual(expect.arrayContaining(['mask_rcnn_r50_fpn', 'mask_rcnn_slim']));
  });

  it.each(shippedConfigs())('%s loads from any folder, by name and by file name', (name) => {
    const config = loadConfig(name);
    expect(from(tmpdir(), () => loadConfig(name))).toEqual(config);
    expect(from(tmpdir(), () => loadConfig(`${name}.yaml`))).toEqual(config);
    expect(loadConfig(`configs/${name}.yaml`)).toEqual(config);
  });

  it('mask_rcnn_r50_fpn is maskrcnn_resnet50_fpn of torchvision with its COCO weights', () => {
    const { model, classNames, categoryIds } = loadConfig('mask_rcnn_r50_fpn');
    // Read off torchvision 0.14: models/detection/{faster_rcnn,mask_rcnn,rpn,roi_heads,_utils}.py.
    expect(model).toEqual({
      classes: 91,
      backbone: { name: 'resnet50', stages: [1, 2, 3, 4], normEps: 0 },
      fpn: { channels: 256, extraLevels: 1 },
      anchors: {
        sizes: [[32], [64], [128], [256], [512]],
        aspectRatios: [
          [0.5, 1, 2],
          [0.5, 1, 2],
          [0.5, 1, 2],
          [0.5, 1, 2],
          [0.5, 1, 2],
        ],
      },
      rpn: { convs: 1, preNmsTopN: 1000, postNmsTopN: 1000, nmsThreshold: 0.7, minSize: 1e-3 },
      box: {
        poolSize: 7,
        samplingRatio: 2,
        hidden: [1024, 1024],
        coderWeights: [10, 10, 5, 5],
        scoreThreshold: 0.05,
        nmsThreshold: 0.5,
        minSize: 1e-2,
        detectionsPerImage: 100,
      },
      mask: { poolSize: 14, samplingRatio: 2, channels: [256, 256, 256, 256], upsampleChannels: 256, threshold: 0.5 },
      image: {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        minSize: 800,
        maxSize: 1333,
        sizeDivisor: 32,
      },
    });
    expect(classNames).toHaveLength(90);
    // COCO's ids of these categories.
    expect([1, 12, 44, 90].map((id) => classNames?.[id - 1])).toEqual(['person', 'N/A', 'bottle', 'toothbrush']);
    expect(categoryIds).toBeNull();
  });

  it('mask_rcnn_r50_fpn writes the defaults out, but for norm_eps and the names', () => {
    const defaults = toModelConfig(configSchema.parse({ model: {} })).model;
    const { model } = loadConfig('mask_rcnn_r50_fpn');
    expect(defaults).toEqual({ ...model, backbone: { ...model.backbone, normEps: 1e-5 } });
  });

  it('mask_rcnn_slim has the form of the slim weights', () => {
    const { model, classNames, categoryIds } = loadConfig('mask_rcnn_slim');
    expect(classNames).toEqual(['nucleus']);
    expect(categoryIds).toEqual([1]);
    expect(model.classes).toBe(2);
    expect(model.backbone).toEqual({ name: 'resnet18', stages: [1, 2, 3], normEps: 1e-5 });
    expect(model.fpn).toEqual({ channels: 64, extraLevels: 1 });
    expect(model.anchors.sizes).toEqual([[8], [16], [32], [64]]);
    expect(model.rpn).toMatchObject({ preNmsTopN: 1000, postNmsTopN: 500, nmsThreshold: 0.7 });
    expect(model.box).toMatchObject({ hidden: [256, 256], detectionsPerImage: 400, scoreThreshold: 0.05 });
    expect(model.mask).toMatchObject({ channels: [64, 64], upsampleChannels: 64, threshold: 0.5 });
    expect(model.image).toMatchObject({ minSize: 320, maxSize: 512, sizeDivisor: 32 });
  });
});
