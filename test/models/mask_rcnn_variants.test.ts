import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchDetections, matchedShare } from '../../src/eval/match_detections';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { expectNoLeaks } from '../helpers/leaks';
import { testDevice } from '../helpers/gpu';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';

interface Variant extends ModelFixture {
  readonly name: string;
  readonly config: MaskRcnnConfig;
}

const variants = modelFixture<Variant[]>('mask_rcnn_variants');
expectNoLeaks();

describe.each(variants)('$name', ({ config, cases, ...rest }) => {
  let detector: Detector;
  beforeAll(async () => {
    detector = new Detector(await testDevice(), config, formulaWeights(config, rest));
  });
  afterAll(() => detector?.release());

  test.each(cases)('$image.height x $image.width: the detections are those of torchvision', async (modelCase) => {
    const { objects, available, profile } = await detector.detect(pattern(modelCase.image));
    expect(profile).toMatchObject({ submissions: 1, readbacks: 1 });
    expect(objects.length).toBeLessThanOrEqual(config.box.detectionsPerImage);
    expect(available).toBeGreaterThanOrEqual(objects.length);
    const { first, second } = matchDetections(objects, modelCase.detections);
    expect(second.asked).toBeGreaterThan(0);
    expect({ ours: matchedShare(first), torchvision: matchedShare(second) }).toEqual({ ours: 1, torchvision: 1 });
  });
});

test('a model that is slightly different does not match', async () => {
  const { config, cases, ...rest } = variants[4];
  const changes: Partial<MaskRcnnConfig>[] = [
    { box: { ...config.box, samplingRatio: 1 } },
    { mask: { ...config.mask, samplingRatio: 1 } },
    { rpn: { ...config.rpn, nmsThreshold: 0.6 } },
    { backbone: { ...config.backbone, normEps: 1e-2 } },
    { image: { ...config.image, minSize: config.image.minSize - 1 } },
  ];
  for (const change of changes) {
    const detector = new Detector(await testDevice(), { ...config, ...change }, formulaWeights(config, rest));
    const { objects } = await detector.detect(pattern(cases[0].image));
    const { second } = matchDetections(objects, cases[0].detections);
    expect(matchedShare(second), JSON.stringify(change)).toBeLessThan(0.99);
    detector.release();
  }
});
