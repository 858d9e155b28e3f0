import { totalmem } from 'node:os';
import { expect, test, vi } from 'vitest';
import { hostMemory } from '../../src/train/host_memory';

test('the memory of the machine, or what its container leaves of it', () => {
  const constrained = vi.spyOn(process, 'constrainedMemory');
  for (const [limit, expected] of [
    [2 ** 20, 2 ** 20],
    [0, totalmem()],
    [2 ** 63, totalmem()],
  ]) {
    constrained.mockReturnValue(limit);
    expect(hostMemory()).toBe(expected);
  }
  constrained.mockRestore();
});
