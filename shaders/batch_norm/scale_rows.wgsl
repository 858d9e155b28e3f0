// y[o, …] = x[o, …] * scale[o] for dense weights.
fn item(i: u32) {
  y[i] = x[i] * scale[i / params.row_length];
}
