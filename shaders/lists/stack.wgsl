// One list as a row of the stack, filled up to the capacity.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let used = min(listCount[0], params.length);
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.capacity) {
      var value = ${ELEMENT}(${FILL});
      if (i < used) {
        value = list[i];
      }
      stacked[params.row * params.capacity + i] = value;
      if (i == 0u) {
        counts[params.row] = used;
      }
    }
  }
}
