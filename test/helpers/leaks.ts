import { afterAll, beforeAll, expect } from 'vitest';
import { testDevice } from './gpu';

/** Holds that after the tests of this scope, and what they release, as much memory is in use as before them. */
export function expectNoLeaks(): void {
  let before: { live: number; count: number };

  beforeAll(async () => {
    const { memory } = await testDevice();
    before = { live: memory.live, count: memory.count };
  });

  afterAll(async () => {
    const { memory } = await testDevice();
    expect({ live: memory.live, count: memory.count }, 'memory after the tests').toEqual(before);
  });
}
