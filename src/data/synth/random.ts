import { exp } from './exact_math';

const BLOCK = 4;

/**
 * One block of Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2,
 * 3" (SC 2011): four 32-bit words, a pure function of counter and key.
 *
 * @param counter four words
 * @param key two words
 * @param out receives four words
 */
export function philox(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let [c0, c1, c2, c3] = [counter[0], counter[1], counter[2], counter[3]];
  let [k0, k1] = [key[0], key[1]];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow] = [a >>> 16, a & 0xffff];
  const [bHigh, bLow] = [b >>> 16, b & 0xffff];
  // None of these sums reaches 2^32, so nothing is lost.
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** What a stream of random numbers belongs to; each combination gives numbers of its own. */
export interface StreamName {
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Whole numbers below 2^32. */
  readonly scene: number;
  readonly item: number;
}

/** Random numbers of one purpose: the same for the same name, whatever is drawn elsewhere, on every machine. */
export class RandomStream {
  private readonly key: Uint32Array;
  private readonly counter: Uint32Array;
  private readonly words = new Uint32Array(BLOCK);
  private used = BLOCK;

  /** @param purpose whole number below 2^32, e.g. "the outlines of flakes" */
  constructor({ seed, scene, item }: StreamName, purpose: number) {
    this.key = Uint32Array.of(seed, Math.floor(seed / 2 ** 32));
    this.counter = Uint32Array.of(0, item, purpose, scene);
  }

  /** A 32-bit word. */
  word(): number {
    if (this.used === BLOCK) {
      philox(this.counter, this.key, this.words);
      this.counter[0]++;
      this.used = 0;
    }
    return this.words[this.used++];
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.word() / 2 ** 32);
  }

  /** A whole number, each from low to high (both included) equally likely. */
  whole(low: number, high: number): number {
    return low + Math.floor((this.word() / 2 ** 32) * (high - low + 1));
  }

  /** A copy of the list in random order (Fisher and Yates), every order equally likely. */
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Mean 0, deviation 1: the sum of eight uniform numbers of 16 bits, which needs no logarithm; at most 4.9. */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      const word = this.word();
      sum += (word >>> 16) + (word & 0xffff);
    }
    return (sum + 4 - 4 * 65536) / (65536 * Math.sqrt(8 / 12));
  }

  /** Log-normal by its median and the deviation of its logarithm, drawn again until it is within the limits. */
  logNormal(median: number, deviation: number, low: number, high: number): number {
    for (let i = 0; i < 100; i++) {
      const value = median * exp(deviation * this.normal());
      if (value >= low && value <= high) {
        return value;
      }
    }
    return Math.min(high, Math.max(low, median));
  }
}
