// One pixel of the warped, normalised and padded map.

fn source_pixel(place: vec2u) -> vec3f {
  let pixel = unflipped(place);
  let offset = (pixel.y * source_size().x + pixel.x) * 3u;
  let word = offset / 4u;
  let shift = (offset % 4u) * 8u;
  let last = params.words - 1u;
  // shifting by 32 in two steps, as one step of 32 is not defined
  let bytes = (pixels[min(word, last)] >> shift) | ((pixels[min(word + 1u, last)] << (31u - shift)) << 1u);
//#if TABLE
  return vec3f(vec3u(
    table[bytes & 0xffu], table[256u + ((bytes >> 8u) & 0xffu)], table[512u + ((bytes >> 16u) & 0xffu)]
  )) / 255.0;
//#else
  return unpack4x8unorm(bytes).xyz;
//#end
}

fn value_at(source: vec2f) -> vec3f {
  let size = source_size();
  let limit = vec2f(size);
  if (!has_flag(4u) && (any(source < vec2f()) || any(source > limit))) {
    return unpack4x8unorm(geometry[5]).xyz;
  }
  let centred = clamp(source - 0.5, vec2f(), limit - 1.0);
  let low = min(vec2u(centred), size - 1u);
  let high = min(low + 1u, size - 1u);
  let weight = centred - vec2f(low);
  let upper = mix(source_pixel(low), source_pixel(vec2u(high.x, low.y)), weight.x);
  let lower = mix(source_pixel(vec2u(low.x, high.y)), source_pixel(high), weight.x);
  return mix(upper, lower, weight.y);
}

fn item(i: u32) {
  let row = i / params.width;
  let place = vec2u(i - row * params.width, row);
  if (any(place >= result_size())) {
    y[i] = vec4f();
    return;
  }
  let value = value_at(source_point(vec2f(place) + 0.5));
  let mean = vec3f(params.mean0, params.mean1, params.mean2);
  let deviation = vec3f(params.std0, params.std1, params.std2);
  y[i] = vec4f((value - mean) / deviation, 0.0);
}
