import { decodeElements, halfBits } from '../../src/io/elements';

/** Each number as the nearest one that f16 has. */
export function roundedToHalf(values: ArrayLike<number>): Float32Array {
  const halves = Uint16Array.from(values, halfBits);
  return decodeElements('F16', new Uint8Array(halves.buffer), [halves.length]).data as Float32Array;
}
