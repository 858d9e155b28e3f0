// Boxes and labels in the order of the scores. torchvision's batched_nms on the processor keeps classes apart by moving
// each to a place of its own as long as there are at most 4000 coordinates (which may push boxes together by rounding),
// and by label where there are more; so labels are 0 in the first case.
fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let n = min(counts[0], params.length);
  let apart = n * 4u <= 4000u;
  let distance = maximum[0] + 1.0;
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < n) {
      let at = order[i];
      let label = labels[at];
      sortedBoxes[i] = boxes[at] + select(0.0, rounded(f32(label) * distance), apart);
      sortedLabels[i] = select(label, 0u, apart);
    }
  }
}
