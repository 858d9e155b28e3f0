// The label of each place in a list of class-wise segments; zeros past the count.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
//#if COUNTED
  let used = min(count[0], params.length);
//#else
  let used = params.length;
//#end
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.length) {
      var label = 0u;
      if (i < used) {
        label = indices[i] / params.segmentLength + 1u;
      }
      labels[i] = label;
    }
  }
}
