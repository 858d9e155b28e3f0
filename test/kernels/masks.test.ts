import { expect, test } from 'vitest';
import { pasteMasks } from '../../src/kernels/masks';
import { dense } from '../../src/kernels/tensor';

test('masks and boxes that do not fit are refused', () => {
  const attributes = { threshold: 0.5, height: 8, width: 8 };
  expect(() => pasteMasks.infer([dense([3, 28, 28]), dense([2, 4])], attributes)).toThrow(/boxes are \[2, 4\]/);
});
