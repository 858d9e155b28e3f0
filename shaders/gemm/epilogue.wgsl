// What every GEMM and convolution does to its sums. All of it is decided by params, so that one compiled pipeline
// serves every layer: a binding that a layer lacks is bound to another tensor and never read.

// The bias of four channels; zero past the last one.
fn bias_of(channel: u32) -> vec4f {
  var value = vec4f();
  if (params.hasBias != 0u) {
//#for I 0 4
    if (channel + ${I}u < params.channels) {
      value.${xyzw(I)} = bias[channel + ${I}u];
    }
//#end
  }
  return value;
}

// The activation of four channels; channels past the last one are padding and stay zero.
fn activate(sum: vec4f, channel: u32) -> vec4f {
  if (params.sigmoid != 0u) {
    let used = vec4u(channel) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.channels);
    return select(vec4f(), 1.0 / (1.0 + exp(-sum)), used);
  }
  return select(sum, max(sum, vec4f()), params.relu != 0u);
}
