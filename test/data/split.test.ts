import { describe, expect, test } from 'vitest';
import { largestRemainder, splitItems, type SplitItem } from '../../src/data/split';

function items(count: number, key: (i: number) => string = String): SplitItem[] {
  return Array.from({ length: count }, (_, i) => ({ key: key(i), id: i + 1, name: `${key(i)}_${i}.png` }));
}

function sizes(parts: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, part) => parts.filter((one) => one === part).length);
}

test('largest remainder: textbook values', () => {
  expect(largestRemainder(10, [0.8, 0.1, 0.1])).toEqual([8, 1, 1]);
  // the example of 100,000 votes for 10 seats: quotas 4.7, 1.6, 1.58, 1.2, 0.61, 0.31
  expect(largestRemainder(10, [47, 16, 15.8, 12, 6.1, 3.1])).toEqual([5, 2, 1, 1, 1, 0]);
  expect(largestRemainder(5, [0.8, 0.1, 0.1])).toEqual([4, 1, 0]);
  expect(largestRemainder(30, [0.7, 0.2, 0.1])).toEqual([21, 6, 3]);
  expect(largestRemainder(0, [0.5, 0.5])).toEqual([0, 0]);
  expect(largestRemainder(100, [1 / 3, 1 / 3, 1 / 3])).toEqual([34, 33, 33]);
  for (let count = 0; count < 200; count++) {
    expect(largestRemainder(count, [0.8, 0.1, 0.1]).reduce((sum, size) => sum + size)).toBe(count);
  }
});

describe('splitItems', () => {
  const shares = [0.8, 0.1, 0.1];

  test('single images: exactly the largest remainder, whatever the seed', () => {
    for (const count of [10, 37, 416]) {
      for (const seed of [0, 1, 2 ** 53 - 1]) {
        expect(sizes(splitItems(items(count), shares, seed), 3)).toEqual(largestRemainder(count, shares));
      }
    }
  });

  test('the same seed gives the same split, whatever the order; another seed another', () => {
    const list = items(60);
    const first = splitItems(list, shares, 7);
    const order = list.map((_, i) => (i * 37) % 60);
    const again = splitItems(
      order.map((i) => list[i]),
      shares,
      7,
    );
    expect(again).toEqual(order.map((i) => first[i]));
    expect(splitItems(list, shares, 8)).not.toEqual(first);
  });

  // from the definition: Fisher and Yates with words of Philox4x32-10 by Random123's published algorithm, in Python
  test('a split is the same on every machine', () => {
    expect(
      splitItems(
        items(12, (i) => 'abcdefghijkl'[i]),
        [0.5, 0.5],
        3,
      ),
    ).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  test('every image is equally likely in each part', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      splitItems(items(10), [0.5, 0.3, 0.2], seed).forEach((part, i) => {
        counts[i] += part === 1 ? 1 : 0;
      });
    }
    // 2000 draws with probability 0.3: mean 600, deviation 20.5
    counts.forEach((count) => expect(Math.abs(count - 600)).toBeLessThan(5 * 20.5));
  });

  test('whole groups, near the shares, and no part empty while there are groups for it', () => {
    for (let seed = 0; seed < 50; seed++) {
      const list = items(100, (i) => `sample${Math.floor(i / 5)}`);
      const parts = splitItems(list, shares, seed);
      const partsOfKey = new Map<string, Set<number>>();
      list.forEach(({ key }, i) => partsOfKey.set(key, (partsOfKey.get(key) ?? new Set()).add(parts[i])));
      partsOfKey.forEach((set) => expect(set.size).toBe(1));
      expect(sizes(parts, 3)).toEqual([80, 10, 10]);
      const three = items(30, (i) => `sample${i % 3}`);
      expect(sizes(splitItems(three, shares, seed), 3)).toEqual([10, 10, 10]);
    }
  });
});
