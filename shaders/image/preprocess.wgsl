// Packed 8-bit RGB to a normalised, resized and padded NHWC map: one pixel an item.
// Interpolating before normalising gives what the other order gives, but for rounding, with a quarter of the arithmetic.

// Two neighbouring pixels, the first at a byte offset that need not be a multiple of 4.
struct Pair { left: vec3f, right: vec3f }

fn load_pair(offset: u32) -> Pair {
  let word = offset / 4u;
  let shift = (offset % 4u) * 8u;
  let last = params.words - 1u;
  let middle = pixels[min(word + 1u, last)];
  // shifting by 32 in two steps, as one step of 32 is not defined
  let first = unpack4x8unorm((pixels[min(word, last)] >> shift) | ((middle << (31u - shift)) << 1u));
  let second = unpack4x8unorm((middle >> shift) | ((pixels[min(word + 2u, last)] << (31u - shift)) << 1u));
  return Pair(first.xyz, vec3f(first.w, second.xy));
}

fn item(i: u32) {
  let source = vec2u(info[0], info[1]);
  let resized = vec2u(info[2], info[3]);
  let row = i / params.width;
  let column = i % params.width;
  if (row >= resized.x || column >= resized.y) {
    y[i] = vec4f();
    return;
  }
  let scale = vec2f(source) / vec2f(resized);
  let down = linear_taps(row, scale.x, source.x);
  let across = linear_taps(column, scale.y, source.y);
  let upper = load_pair((down.low * source.y + across.low) * 3u);
  let lower = load_pair((down.high * source.y + across.low) * 3u);
  // past the last column the pair's second pixel is one of the next row
  let weight = select(0.0, across.weight, across.high > across.low);
  let value = mix(mix(upper.left, upper.right, weight), mix(lower.left, lower.right, weight), down.weight);
  let mean = vec3f(params.mean0, params.mean1, params.mean2);
  let deviation = vec3f(params.std0, params.std1, params.std2);
  y[i] = vec4f((value - mean) / deviation, 0.0);
}
