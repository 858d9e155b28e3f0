// The items of a sort's first pass: the keys themselves.
fn source_pair(i: u32) -> vec2u {
  return vec2u(~ordered_key(keys[i]), i);
}
