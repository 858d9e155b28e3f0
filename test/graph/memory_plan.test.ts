import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMemory, type Lifetime } from '../../src/graph/memory_plan';

const lifetimes = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 16, max: 1000 }), first: fc.nat(30), length: fc.nat(10) })
    .map(({ bytes, first, length }): Lifetime => ({ bytes, first, last: first + length })),
  { maxLength: 40 },
);

/** Bytes alive at a time, summed anew. */
function liveAt(tensors: readonly Lifetime[], time: number): number {
  return tensors.filter(({ first, last }) => first <= time && time <= last).reduce((sum, { bytes }) => sum + bytes, 0);
}

test('tensors of one block are never alive together, and fit it', () => {
  fc.assert(
    fc.property(lifetimes, (tensors) => {
      const { blockOf, blockBytes } = planMemory(tensors);
      expect(blockOf).toHaveLength(tensors.length);
      tensors.forEach((a, i) => {
        expect(blockBytes[blockOf[i]]).toBeGreaterThanOrEqual(a.bytes);
        tensors.slice(i + 1).forEach((b, j) => {
          const together = a.first <= b.last && b.first <= a.last;
          expect(together && blockOf[i] === blockOf[i + 1 + j]).toBe(false);
        });
      });
    }),
    { numRuns: 300 },
  );
});

test('bound <= planned <= total', () => {
  fc.assert(
    fc.property(lifetimes, (tensors) => {
      const { blockBytes, bound, total } = planMemory(tensors);
      const planned = blockBytes.reduce((sum, bytes) => sum + bytes, 0);
      expect(bound).toBe(Math.max(0, ...Array.from({ length: 50 }, (_, time) => liveAt(tensors, time))));
      expect(total).toBe(tensors.reduce((sum, { bytes }) => sum + bytes, 0));
      expect(bound).toBeLessThanOrEqual(planned);
      expect(planned).toBeLessThanOrEqual(total);
    }),
    { numRuns: 300 },
  );
});

test('a chain of equal tensors takes two blocks', () => {
  const chain = Array.from({ length: 20 }, (_, i) => ({ bytes: 64, first: i, last: i + 1 }));
  const { blockBytes, bound } = planMemory(chain);
  expect(blockBytes).toEqual([64, 64]);
  expect(bound).toBe(128);
});

test('nothing to plan', () => {
  expect(planMemory([])).toEqual({ blockOf: [], blockBytes: [], bound: 0, total: 0 });
});
