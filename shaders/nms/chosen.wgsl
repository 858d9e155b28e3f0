// Kept places to indices of the input, the first k of them.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let n = min(keptCounts[0], params.k);
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.k) {
      var index = 0u;
      if (i < n) {
        index = order[kept[i]];
      }
      chosen[i] = index;
    }
    if (i == 0u) {
      count[0] = n;
    }
  }
}
