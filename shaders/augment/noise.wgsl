// Gaussian noise by Box and Muller's transform of Philox's words; the counter is pixel, step and image.
const TURN = 6.283185307179586;

// Above 0 and at most 1.
fn unit(word: u32) -> f32 {
  return (f32(word >> 8u) + 1.0) / 16777216.0;
}

// From -pi to pi, where WGSL bounds the errors of sin and cos.
fn angle(word: u32) -> f32 {
  return TURN * (unit(word) - 0.5);
}

fn normals(place: vec2u) -> vec3f {
  let words = philox(vec4u(place, effects[3], effects[4]), vec2u(effects[2], ${KEY}u));
  let near = sqrt(-2.0 * log(unit(words.x)));
  let far = sqrt(-2.0 * log(unit(words.z)));
  return vec3f(near * cos(angle(words.y)), near * sin(angle(words.y)), far * cos(angle(words.w)));
}

fn item(i: u32) {
  let row = i / params.width;
  let place = vec2u(i - row * params.width, row);
  let deviation = bitcast<f32>(effects[1]);
  if (deviation == 0.0 || place.x >= geometry[3] || place.y >= geometry[2]) {
    y[i] = x[i];
    return;
  }
  let mean = vec3f(params.mean0, params.mean1, params.mean2);
  let deviations = vec3f(params.std0, params.std1, params.std2);
  let value = clamp(x[i].xyz * deviations + mean + deviation * normals(place), vec3f(), vec3f(1.0));
  y[i] = vec4f((value - mean) / deviations, 0.0);
}
