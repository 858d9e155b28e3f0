// average += weight * (parameters - average).
fn item(i: u32) {
  let next = parameters[i];
  let known = average[i];
  // the first value is taken over to the last bit
  average[i] = select(known + weight[0] * (next - known), next, vec4<bool>(weight[0] == 1.0));
}
