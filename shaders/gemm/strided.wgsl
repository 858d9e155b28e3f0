// The i-th of params.runs * params.runLength groups, in an order in which each run of runLength consecutive ones is spread
// over all. Pairs with stridedGroups() in src/kernels/gemm/strided.ts.
fn strided_group(i: u32) -> u32 {
  return (i % params.runLength) * params.runs + i / params.runLength;
}
