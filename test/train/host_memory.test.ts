import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { memoryComplaint } from '../../src/train/host_memory';

test('what needs more memory than the machine has is told with both', () => {
  expect(memoryComplaint(5 * 2 ** 30, 4 * 2 ** 30)).toBe(
    'needs 5.0 GiB of memory, and the machine, whose processor is the adapter, has 4.0 GiB',
  );
  expect(memoryComplaint(4 * 2 ** 30, 4 * 2 ** 30)).toBeNull();
  expect(memoryComplaint(totalmem() + 1)).not.toBeNull();
  expect(memoryComplaint(2 ** 20)).toBeNull();
});
