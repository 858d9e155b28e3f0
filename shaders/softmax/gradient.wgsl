// Gradient of the softmax of a row. Padding is zero in both inputs, so it stays zero.
fn item(row: u32) {
  let first = row * params.row_length;
  var product = 0.0;
  for (var k = first; k < first + params.row_length; k++) {
    product += dy[k] * y[k];
  }
  for (var k = first; k < first + params.row_length; k++) {
    dx[k] = y[k] * (dy[k] - product);
  }
}
