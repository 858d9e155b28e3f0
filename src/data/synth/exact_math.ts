/**
 * Elementary functions made of additions, multiplications and divisions alone, which IEEE 754 rounds in one way only:
 * their bits are the same on every machine and in every engine. Those of `Math` are left to the implementation
 * (ECMAScript, section 21.3.2), and V8 itself has changed its sine. Errors stay below 1e-9, relative for `exp`.
 */

const LN2_HIGH = 0.69314718036912381649;
const LN2_LOW = 1.90821492927058770002e-10;

/** e to the power of x, for |x| up to 600. */
export function exp(x: number): number {
  const k = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 11; n > 0; n--) {
    sum = 1 + (sum * r) / n;
  }
  return sum * powerOfTwo(k);
}

/** The normal curve with a peak of 1 and a deviation of 1; 0 beyond 5. */
export function bell(x: number): number {
  return Math.abs(x) > 5 ? 0 : exp(-0.5 * x * x);
}

/** Cosine of an angle in turns (1 is the full circle). */
export function cosTurns(turns: number): number {
  const t = Math.abs(turns - Math.round(turns));
  return t <= 0.25 ? cosQuarter(t) : -cosQuarter(0.5 - t);
}

/** Sine of an angle in turns. */
export function sinTurns(turns: number): number {
  return cosTurns(turns - 0.25);
}

/** @param t 0 to 0.25 turns */
function cosQuarter(t: number): number {
  const x = t * (2 * Math.PI);
  const square = x * x;
  let sum = 1;
  for (let n = 14; n > 0; n -= 2) {
    sum = 1 - (sum * square) / (n * (n - 1));
  }
  return sum;
}

/** 2 to the power of a whole number, by repeated squaring. */
function powerOfTwo(k: number): number {
  let [result, base, rest] = [1, k < 0 ? 0.5 : 2, Math.abs(k)];
  while (rest > 0) {
    if (rest % 2 === 1) {
      result *= base;
    }
    base *= base;
    rest = Math.floor(rest / 2);
  }
  return result;
}
