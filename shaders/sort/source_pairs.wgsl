// The items of a sort's later passes.
fn source_pair(i: u32) -> vec2u {
  return pairs[i];
}
