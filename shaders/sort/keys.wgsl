// f32 bits to u32 keys of the same order: -0 becomes +0, NaN becomes 0, below everything.
fn ordered_key(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  let key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
  return select(key, 0u, magnitude > 0x7f800000u);
}

fn key_bits(key: u32) -> u32 {
  return select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u);
}
