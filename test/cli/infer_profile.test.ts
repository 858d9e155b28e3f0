import { expect, test } from 'vitest';
import { describeProfiles } from '../../src/cli/infer-profile';
import type { ImageProfile } from '../../src/models/detector';

function image(more: Partial<ImageProfile>): ImageProfile {
  const dispatch = { op: 'conv2d body.conv1', kernel: 'gemm/panel', counted: false };
  return {
    paddedHeight: 320,
    paddedWidth: 320,
    submissions: 1,
    readbacks: 1,
    plan: { dispatches: 2, planned: 2 ** 21, bound: 2 ** 20, total: 2 ** 22 },
    times: [
      { ...dispatch, milliseconds: 6, flops: 3e9, bytes: 20e6 },
      { op: 'pool', kernel: 'pool/max', counted: true, milliseconds: 2, flops: 0, bytes: 4e6 },
    ],
    milliseconds: 10,
    planMilliseconds: 0,
    finished: 3000,
    ...more,
  };
}

/** The second image of the list was the first to be done. */
const PROFILES = [image({ finished: 2600, milliseconds: 12 }), image({ finished: 2500, planMilliseconds: 1210 })];

test('times, traffic and rates are means over the images; the first detection is that of the image done first', () => {
  const text = describeProfiles(PROFILES, 2 ** 23, 340);
  expect(text).toContain('Profile of 2 images, per image:\n');
  expect(text).toContain("time                11.00 ms: 8.00 ms in kernels, 3.00 ms outside the GPU's kernels\n");
  expect(text).toContain('moved by kernels    <= 24 MB, <= 3.0 GB/s,');
  expect(text).toContain(
    'first detection     after 2.50 s (of which 0.34 s loading weights, 1.21 s making plan and pipelines)\n',
  );
  expect(text).toMatch(/^ {2}conv2d: gemm\/panel +1 +6\.000 +75\.0 % +500\.0 GFLOP\/s$/m);
  expect(text).toMatch(/^ {2}pool: pool\/max +1 +2\.000 +25\.0 % +<= 2\.0 GB\/s$/m);
});

test('without timestamps there is neither traffic nor a table', () => {
  const text = describeProfiles([image({ times: [] })], 2 ** 23, 0);
  expect(text).toContain('10.00 ms (this adapter has no timestamps: no times per op)');
  expect(text).not.toMatch(/moved by|GFLOP/);
});
