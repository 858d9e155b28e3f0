// y = A B for the batched matrices of matmul: one element of y at a time, straight from the definition.
fn item(i: u32) {
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
