// The largest coordinate of all boxes, by one workgroup.
var<workgroup> lane_maxima: array<f32, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let n = min(counts[0], params.length);
  var largest = -3.4028234663852886e38;
  for (var i = lane; i < n; i += ${LANES}u) {
    let box = boxes[i];
    largest = max(largest, max(max(box.x, box.y), max(box.z, box.w)));
  }
  lane_maxima[lane] = largest;
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < ${LANES}u; other++) {
      largest = max(largest, lane_maxima[other]);
    }
    maximum[0] = largest;
  }
}
