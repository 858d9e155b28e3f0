import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchDetections, matchedShare } from '../../src/eval/match_detections';
import type { MaskRcnnConfig } from '../../src/models/config';
import { Detector } from '../../src/models/detector';
import { testDevice } from '../helpers/gpu';
import { formulaWeights, modelFixture, pattern, type ModelFixture } from './formula_weights';

interface Variant extends ModelFixture {
  readonly name: string;
  readonly config: MaskRcnnConfig;
}

const variants = modelFixture<Variant[]>('mask_rcnn_variants');
let before: { live: number; count: number };

beforeAll(async () => {
  const { memory } = await testDevice();
  before = { live: memory.live, count: memory.count };
});

afterAll(async () => {
  const { memory } = await testDevice();
  expect({ live: memory.live, count: memory.count }, 'memory after the release').toEqual(before);
});

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
