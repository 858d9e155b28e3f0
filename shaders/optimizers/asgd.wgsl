// Scalars: step size, step size times lambd, weight of the new parameters in the average.
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let s = scalars();
  let next = p - s.y * p - s.x * g;
  // an average that is to start anew becomes `next` to the last bit
  let known = average[at];
  average[at] = select(known + s.z * (next - known), next, vec4<bool>(s.z == 1.0));
  return next;
}
