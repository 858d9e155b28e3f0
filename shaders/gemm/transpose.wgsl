// y = x with the last two axes exchanged, both padded to fours in memory.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.length) {
      let line = i / params.pitch4;
      let column = (i - line * params.pitch4) * 4u;
      let batch = line / params.rows;
      let row = line - batch * params.rows;
      let at = (batch * params.columns + column) * params.sourcePitch + row;
      var value = vec4f();
//#for I 0 4
      if (column + ${I}u < params.columns) {
        value.${xyzw(I)} = x[at + ${I}u * params.sourcePitch];
      }
//#end
      y[i] = value;
    }
  }
}
