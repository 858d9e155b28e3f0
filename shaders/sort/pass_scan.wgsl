// Exclusive sums of `length` counts, in place, by one workgroup.
var<workgroup> lane_sums: array<u32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let each = (params.length + ${LANES - 1}u) / ${LANES}u;
  let first = min(lane * each, params.length);
  let end = min(first + each, params.length);
  var sum = 0u;
  for (var i = first; i < end; i++) {
    sum += binStarts[i];
  }
  lane_sums[lane] = sum;
  workgroupBarrier();
  var before = 0u;
  for (var other = 0u; other < lane; other++) {
    before += lane_sums[other];
  }
  for (var i = first; i < end; i++) {
    let own = binStarts[i];
    binStarts[i] = before;
    before += own;
  }
}
