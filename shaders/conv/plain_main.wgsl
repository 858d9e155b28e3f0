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

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  var length = params.length;
  if (params.hasCount != 0u) {
    length = min(length, count[0] * params.itemLength);
  }
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < length) {
      y[i] = element(i);
    }
  }
}
