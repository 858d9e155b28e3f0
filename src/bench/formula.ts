/** Values in [-1, 1) from a hash of seed and index: bit for bit those of formula() in test/reference/fixture.py. */
export function formula(count: number, seed: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count);
  const start = Math.imul(seed, 0x9e3779b9) >>> 0;
  for (let i = 0; i < count; i++) {
    let x = (start + i) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x = (x ^ (x >>> 16)) >>> 0;
    out[i] = (x >>> 8) / (1 << 23) - 1;
  }
  return out;
}
