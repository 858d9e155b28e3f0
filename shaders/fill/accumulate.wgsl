// state = keep * state + x.
fn item(i: u32) {
//#if KEEP
  state[i] = keep[0] * state[i] + x[i];
//#else
  state[i] = x[i];
//#end
}
