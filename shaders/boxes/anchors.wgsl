// The anchors of one shape: a cell anchor moved to every cell of the grid.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let cell = vec4f(params.x1, params.y1, params.x2, params.y2);
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.cells) {
      let y = i / params.width;
      let shift = vec2f(f32((i - y * params.width) * params.strideX), f32(y * params.strideY));
      anchors[i * params.shapes + params.shape] = cell + shift.xyxy;
    }
  }
}
