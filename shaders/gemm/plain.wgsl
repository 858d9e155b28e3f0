// y = A B for the batched matrices of matmul: one element of y at a time, straight from the definition.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < params.length) {
      let line = i / params.pitch;
      let column = i - line * params.pitch;
      let batch = line / params.rows;
      let row = line - batch * params.rows;
      var sum = 0.0;
      if (column < params.columns) {
        for (var k = 0u; k < params.k; k++) {
          sum += a[batch * params.batchA + row * params.rowA + k * params.columnA] *
            b[batch * params.batchB + k * params.rowB + column * params.columnB];
        }
      }
      y[i] = sum;
    }
  }
}
