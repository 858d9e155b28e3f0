// The window that begins at a place of the padded axis, -1 if none does.
fn window_at(start: i32, stride: i32, windows: u32) -> i32 {
  let window = start / stride;
  return select(-1, window, start >= 0 && window * stride == start && u32(window) < windows);
}
