// y[i] = source[indices[i]], rows of `inner` words; zeros past the count.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
//#if COUNTED
  let used = min(count[0], params.rows);
//#else
  let used = params.rows;
//#end
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.rows) {
      var value = ${ELEMENT}();
      for (var j = 0u; j < params.inner; j++) {
        if (i < used) {
          value = source[indices[i] * params.inner + j];
        }
        y[i * params.inner + j] = value;
      }
    }
  }
}
