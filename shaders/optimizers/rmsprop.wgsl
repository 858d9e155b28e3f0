// Scalars: learning rate.
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let v = params.alpha * square_average[at] + params.one_minus_alpha * g * g;
  square_average[at] = v;
//#if CENTERED
  let m = params.alpha * average[at] + params.one_minus_alpha * g;
  average[at] = m;
  // rounding may take the variance below zero
  let direction = g / (sqrt(max(v - m * m, vec4f())) + params.eps);
//#else
  let direction = g / (sqrt(v) + params.eps);
//#end
//#if MOMENTUM
  let b = params.momentum * momentum[at] + direction;
  momentum[at] = b;
  return p - scalars().x * b;
//#else
  return p - scalars().x * direction;
//#end
}
