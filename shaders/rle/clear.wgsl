@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.length) {
      chars[i] = 0u;
    }
  }
}
