// Calls `item(i)` for each unit in use: vec4s, elements or rows, as dispatchItemwise() in src/kernels/itemwise.ts says.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let length = units_in_use();
  if (item_index(workgroup, groups, 0u, 0u) >= length) {
    return;
  }
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < length) {
      item(i);
    }
  }
}
