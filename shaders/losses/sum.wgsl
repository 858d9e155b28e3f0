// The sum of the terms of the items in use, by one workgroup, in an order that depends on their number alone.
var<workgroup> lane_sums: array<f32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let length = min(count[0] * params.item_terms, params.length);
  var sum = 0.0;
  for (var i = lane; i < length; i += ${LANES}u) {
    sum += terms[i];
  }
  lane_sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < ${LANES}u; other++) {
      sum += lane_sums[other];
    }
    total[0] = sum;
  }
}
