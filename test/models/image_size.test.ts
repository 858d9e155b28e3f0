import { expect, test } from 'vitest';
import { modelImageSize } from '../../src/models/image_size';
import { modelFixture } from './formula_weights';

test('images have the sizes that torchvision gives them', () => {
  const rows = modelFixture<number[][]>('image_sizes');
  expect(rows.length).toBeGreaterThan(200);
  for (const [height, width, minSize, maxSize, ...expected] of rows) {
    const limits = { minSize, maxSize, sizeDivisor: 32, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const size = modelImageSize(height, width, limits);
    const ours = [size.height, size.width, size.paddedHeight, size.paddedWidth];
    expect(ours, `${height} x ${width} within ${minSize} to ${maxSize}`).toEqual(expected);
  }
});
