// Reads what packGeometry() in src/kernels/augment/geometry.ts wrote.
fn source_size() -> vec2u {
  return vec2u(geometry[1], geometry[0]); // width, height
}

fn result_size() -> vec2u {
  return vec2u(geometry[3], geometry[2]);
}

// Bits: 1 mirrored left to right, 2 mirrored top to bottom, 4 the border is the edge, 8 a plain resize.
fn has_flag(flag: u32) -> bool {
  return (geometry[4] & flag) != 0u;
}

fn matrix_entry(i: u32) -> f32 {
  return bitcast<f32>(geometry[6u + i]);
}

// Where a point of the result lies in the flipped source.
fn source_point(p: vec2f) -> vec2f {
  return vec2f(
    matrix_entry(0u) * p.x + matrix_entry(1u) * p.y + matrix_entry(2u),
    matrix_entry(3u) * p.x + matrix_entry(4u) * p.y + matrix_entry(5u)
  );
}

// A pixel of the flipped source in the source as it is stored.
fn unflipped(pixel: vec2u) -> vec2u {
  return select(pixel, source_size() - 1u - pixel, vec2<bool>(has_flag(1u), has_flag(2u)));
}
