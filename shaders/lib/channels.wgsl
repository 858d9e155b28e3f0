// Zeroes the components past the last channel; `left` is the number of channels from the first component on.
fn keep_channels(v: vec4f, left: u32) -> vec4f {
  return select(vec4f(), v, vec4u(0u, 1u, 2u, 3u) < vec4u(left));
}
