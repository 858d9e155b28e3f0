import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../../src/gpu/capabilities';
import { GpuDevice } from '../../src/gpu/device';
import { matchDetections, matchedShare } from '../../src/eval/match_detections';
import { loadCheckpoint } from '../../src/io/load';
import { matchParameters } from '../../src/io/match';
import { Detector } from '../../src/models/detector';
import { nodeHost } from '../../src/node/webgpu';
import { nucleiImages, nucleiPixels, SLIM_WEIGHTS, slimConfig, slimMissing, torchvisionDetections } from './slim';

/** What kernels are chosen by; the adapter stays the one at hand. */
const DEVICES: Record<string, Partial<Capabilities>> = {
  'hardware, with subgroups': { software: false, subgroupSize: 0 },
  'a software adapter without subgroups': { software: true, subgroupSize: 0 },
};

describe.skipIf(slimMissing !== undefined)('the whole model with the kernels for another device', () => {
  test.for(Object.entries(DEVICES))('%s', async ([, changes]) => {
    const gpu = await GpuDevice.open(nodeHost);
    Object.assign(gpu, { capabilities: { ...gpu.capabilities, ...changes } });
    const weights = matchParameters(await loadCheckpoint(SLIM_WEIGHTS), Detector.expectedParameters(slimConfig));
    const detector = new Detector(gpu, slimConfig, weights);
    const [image] = nucleiImages();
    const { objects } = await detector.detect(await nucleiPixels(image));
    const { first, second } = matchDetections(objects, torchvisionDetections().get(image.id) ?? []);
    expect(first.asked).toBeGreaterThan(20);
    expect(matchedShare(first)).toBeGreaterThanOrEqual(0.99);
    expect(matchedShare(second)).toBeGreaterThanOrEqual(0.99);
    detector.release();
    expect(gpu.memory.count).toBe(0);
    gpu.close();
  });
});
