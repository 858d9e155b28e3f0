import { cosTurns, sinTurns } from '../data/synth/exact_math';
import { RandomStream } from '../data/synth/random';

/** What the random numbers belong to; each combination has its own. */
export interface Fill {
  readonly seed: number;
  readonly name: string;
}

/** Keeps these streams apart from others of the same seed. */
const PURPOSE = 0x696e6974;
const LN2 = Math.LN2;

function streamOf({ seed, name }: Fill): RandomStream {
  return new RandomStream({ seed, scene: hash(name, 0x811c9dc5), item: hash(name, 0x9e3779b9) }, PURPOSE);
}

/** FNV-1a over the UTF-16 units of a text. */
function hash(text: string, start: number): number {
  let value = start;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

/** Uniform in [-bound, bound). */
export function uniformInto(data: Float32Array, bound: number, of: Fill): void {
  const stream = streamOf(of);
  for (let i = 0; i < data.length; i++) {
    data[i] = stream.uniform(-bound, bound);
  }
}

/** Normal with mean 0: Box and Muller, "A note on the generation of random normal deviates", 1958. */
export function normalInto(data: Float32Array, deviation: number, of: Fill): void {
  const stream = streamOf(of);
  for (let i = 0; i < data.length; i += 2) {
    // above 0, at most 1
    const radius = deviation * Math.sqrt(-2 * logarithm((stream.word() + 1) / 2 ** 32));
    const turns = stream.word() / 2 ** 32;
    data[i] = radius * cosTurns(turns);
    if (i + 1 < data.length) {
      data[i + 1] = radius * sinTurns(turns);
    }
  }
}

/**
 * Natural logarithm of a number above 0 by additions, multiplications and divisions alone, so that its bits are the same in
 * every engine (see exact_math.ts). Error below 1e-13.
 */
export function logarithm(x: number): number {
  let [m, exponent] = [x, 0];
  for (; m < Math.SQRT1_2; exponent--) {
    m *= 2;
  }
  for (; m > Math.SQRT2; exponent++) {
    m /= 2;
  }
  // ln m = 2 artanh s, |s| < 0.172
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 17; n > 0; n -= 2) {
    sum = sum * square + 1 / n;
  }
  return 2 * s * sum + exponent * LN2;
}
