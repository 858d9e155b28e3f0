// Strings are written into their words by atomic or, which needs zeros.
fn item(i: u32) {
  chars[i] = 0u;
}
