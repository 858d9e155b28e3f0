// Walks over tiles times vec4s of channels: calls the stage's transform(i) for those of the rows in use.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let length = rows_in_use() * row_units();
  let group = workgroup.y * groups.x + workgroup.x;
  if (group >= params.runs * params.runLength) {
    return;
  }
  let first = strided_group(group) * params.steps;
  for (var step = 0u; step < params.steps; step++) {
    let i = (first + step) * ${LANES}u + lane;
    if (i < length) {
      transform(i);
    }
  }
}
