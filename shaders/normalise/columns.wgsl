// The channels of a column; past the last channel, the last.
fn channels_of(column: u32) -> vec4u {
  return min(vec4u(column * 4u) + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
}

fn keep_column(v: vec4f, column: u32) -> vec4f {
  return keep_channels(v, params.channels - column * 4u);
}

// Where the statistics of channels lie.
fn groups_of(segment: u32, channels: vec4u) -> vec4u {
  return segment * params.groups + channels / params.group_size;
}

fn mean_at(at: vec4u) -> vec4f {
  return vec4f(mean[at.x], mean[at.y], mean[at.z], mean[at.w]);
}

// 1 / standard deviation
fn scale_at(at: vec4u) -> vec4f {
  return 1.0 / sqrt(vec4f(variance[at.x], variance[at.y], variance[at.z], variance[at.w]) + params.eps);
}

fn weight_at(channels: vec4u) -> vec4f {
//#if AFFINE
  return vec4f(weight[channels.x], weight[channels.y], weight[channels.z], weight[channels.w]);
//#else
  return vec4f(1.0);
//#end
}
