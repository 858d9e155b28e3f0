import { RandomStream } from './synth/random';

/** What is kept together: the images of one key go to one part. */
export interface SplitItem {
  readonly key: string;
  /** Breaks ties between items of one key and name; with `name` it makes the split independent of the items' order. */
  readonly id: number;
  readonly name: string;
}

/** Sets these numbers apart from those that other code draws with the same seed. */
const PURPOSE = 0x5b17;

/**
 * Whole parts of `count` in proportion to `shares` by the largest remainder (Hamilton's method): the floors, and one
 * more for the largest remainders until all is given out, on a tie to the earlier share.
 * @param shares positive; they need not add up to 1
 */
export function largestRemainder(count: number, shares: readonly number[]): number[] {
  const whole = shares.reduce((sum, share) => sum + share, 0);
  const quotas = shares.map((share) => {
    const quota = (count * share) / whole;
    // 0.1 * 30 is a little more than 3, and 0.7 * 10 a little less than 7
    return Math.abs(quota - Math.round(quota)) < 1e-9 * count ? Math.round(quota) : quota;
  });
  const sizes = quotas.map(Math.floor);
  const left = count - sizes.reduce((sum, size) => sum + size, 0);
  quotas
    .map((quota, i) => ({ i, remainder: quota - sizes[i] }))
    .sort((a, b) => b.remainder - a.remainder)
    .slice(0, left)
    .forEach(({ i }) => {
      sizes[i]++;
    });
  return sizes;
}

/**
 * Deals items out to parts of about `shares`, whole groups of one key each. The groups are sorted by key, shuffled
 * (Fisher and Yates, with Philox numbers of the seed: the same on every machine) and dealt, the largest first, to the
 * part that lacks the most. Where every item has a key of its own the sizes are those of the largest remainder;
 * otherwise a part that would stay empty gets the smallest group of the largest part.
 * @param seed whole number from 0 to 2^53 - 1
 * @returns for each item its part; a part stays empty where there are too few groups for it
 */
export function splitItems(items: readonly SplitItem[], shares: readonly number[], seed: number): number[] {
  const groups = new RandomStream({ seed, scene: 0, item: 0 }, PURPOSE).shuffled(groupsOf(items));
  const lacking = largestRemainder(items.length, shares);
  const parts = shares.map((): number[][] => []);
  // the sort is stable: among groups of one size the order stays random
  for (const group of [...groups].sort((a, b) => b.length - a.length)) {
    const part = lacking.indexOf(Math.max(...lacking));
    parts[part].push(group);
    lacking[part] -= group.length;
  }
  if (groups.some((group) => group.length > 1)) {
    fillEmpty(parts);
  }
  const partOf = new Array<number>(items.length).fill(0);
  parts.forEach((part, p) => {
    part.flat().forEach((item) => {
      partOf[item] = p;
    });
  });
  return partOf;
}

/** Indices of the items of each key, in the order of the keys. */
function groupsOf(items: readonly SplitItem[]): number[][] {
  const order = items
    .map((_, i) => i)
    .sort(
      (a, b) =>
        compare(items[a].key, items[b].key) || compare(items[a].name, items[b].name) || items[a].id - items[b].id,
    );
  const groups = new Map<string, number[]>();
  for (const i of order) {
    const group = groups.get(items[i].key) ?? [];
    group.push(i);
    groups.set(items[i].key, group);
  }
  return [...groups.values()];
}

/** By code units, which no machine's language changes. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fillEmpty(parts: readonly number[][][]): void {
  const size = (part: readonly number[][]): number => part.reduce((sum, group) => sum + group.length, 0);
  for (const empty of parts.filter((part) => part.length === 0)) {
    const [largest] = parts.filter((part) => part.length > 1).sort((a, b) => size(b) - size(a));
    const smallest = largest?.pop();
    if (smallest !== undefined) {
      empty.push(smallest);
    }
  }
}
