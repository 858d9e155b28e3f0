import { expect, test } from 'vitest';
import { nextPowerOfTwo } from '../../src/models/power_of_two';

test.each([
  [0, 1],
  [1, 1],
  [3, 4],
  [4, 4],
  [5, 8],
  [2 ** 30 + 1, 2 ** 31],
])('the next power of two of %d is %d', (value, power) => {
  expect(nextPowerOfTwo(value)).toBe(power);
});
