// Walks over the elements in memory, padding included; element() is the convolution's.
fn finish(sum: f32, channel: u32, i: u32) -> f32 {
  var value = sum;
  if (params.hasBias != 0u) {
    value += bias[channel];
  }
  if (params.hasResidual != 0u) {
    value += residual[i];
  }
  if (params.sigmoid != 0u) {
    return 1.0 / (1.0 + exp(-value));
  }
  return select(value, max(value, 0.0), params.relu != 0u);
}

fn item(i: u32) {
  y[i] = element(i);
}
