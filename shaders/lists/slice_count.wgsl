// How many items of a list's slice are in use.
fn item(i: u32) {
  y[i] = clamp(listCount[i], params.start, params.end) - params.start;
}
