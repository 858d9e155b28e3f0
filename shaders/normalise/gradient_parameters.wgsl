// The gradients of bias and weight: the sums of all segments.
fn item(channel: u32) {
  var sum = vec2f();
  for (var segment = 0u; segment < params.segments; segment++) {
    sum += sums[segment * params.channels + channel];
  }
  d_bias[channel] = sum.x;
  d_weight[channel] = sum.y;
}
