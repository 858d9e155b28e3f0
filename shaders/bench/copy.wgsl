// y = x over vec4s, by the walk of the elementwise kernels.
fn item(i: u32) {
  y[i] = x[i];
}
