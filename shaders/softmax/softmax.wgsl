// Softmax of a row: one invocation reads it three times, in vec4s (channels4) or elements (dense).
//#if UNIT_CHANNELS == 4
alias Value = vec4f;

fn load(base: u32, k: u32, filler: f32) -> vec4f {
  return select(vec4f(filler), x[base + k], vec4u(0u, 1u, 2u, 3u) < vec4u(params.channels - 4u * k));
}

fn total(v: vec4f) -> f32 {
  return v.x + v.y + v.z + v.w;
}

fn largest(v: vec4f) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}
//#else
alias Value = f32;

fn load(base: u32, k: u32, filler: f32) -> f32 {
  return x[base + k];
}

fn total(v: f32) -> f32 {
  return v;
}

fn largest(v: f32) -> f32 {
  return v;
}
//#end

const LOWEST = -3.4028234e38;

fn item(row: u32) {
  let base = row * params.row_units;
  var highest = Value(LOWEST);
  for (var k = 0u; k < params.row_units; k++) {
    highest = max(highest, load(base, k, LOWEST));
  }
  let top = largest(highest);
  var sums = Value();
  for (var k = 0u; k < params.row_units; k++) {
    // exp of the filler is 0: padding adds nothing
    sums += exp(max(load(base, k, LOWEST) - Value(top), Value(-200.0)));
  }
  let sum = total(sums);
  for (var k = 0u; k < params.row_units; k++) {
    y[base + k] = exp(max(load(base, k, LOWEST) - Value(top), Value(-200.0))) / sum;
  }
}
