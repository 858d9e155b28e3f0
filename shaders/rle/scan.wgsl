// Prefix sums within a workgroup of ${LANES} lanes.
var<workgroup> partial: array<u32, ${LANES}>;

// The sum over the lanes before this one. The barriers need uniform control flow.
fn sum_before(lane: u32, value: u32) -> u32 {
  partial[lane] = value;
  workgroupBarrier();
  var sum = 0u;
  for (var i = 0u; i < lane; i++) {
    sum += partial[i];
  }
  workgroupBarrier();
  return sum;
}
