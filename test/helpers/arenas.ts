import { layOut } from '../../src/graph/states';

/** Elements of the parameters "0", "1", "2" in tests of optimizers, as in test/reference/ops/{optimizers,lbfgs}.py. */
export const LENGTHS = [5, 70, 130];

/** Two chunks, each with padding between and after its tensors. */
export const LAYOUT = layOut(
  LENGTHS.map((length, i) => [String(i), length] as const),
  256 * 4,
);

/** The tensors' values, without padding, from whole chunks. */
export function tensorsOf(chunks: readonly Float32Array[]): number[] {
  return [...LAYOUT.ranges.values()].flatMap(({ chunk, offset, length }) => [
    ...chunks[chunk].subarray(offset, offset + length),
  ]);
}

/** What lies beside the tensors. */
export function paddingOf(chunks: readonly Float32Array[]): number[] {
  const rest = chunks.map((chunk) => [...chunk]);
  for (const { chunk, offset, length } of LAYOUT.ranges.values()) {
    rest[chunk].fill(NaN, offset, offset + length);
  }
  return rest.flat().filter((value) => !Number.isNaN(value));
}
