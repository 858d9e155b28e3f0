// Indices as keys to sort by; those past the count come last, as NaN.
fn item(i: u32) {
  keys[i] = select(0x7fc00000u, indices[i], i < indices_in_use());
}
