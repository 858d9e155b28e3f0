// Scalars: learning rate, share of the gradient in the momentum.
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let s = scalars();
//#if MOMENTUM
  let b = params.momentum * momentum[at] + s.y * g;
  momentum[at] = b;
//#if NESTEROV
  return p - s.x * (g + params.momentum * b);
//#else
  return p - s.x * b;
//#end
//#else
  return p - s.x * g;
//#end
}
