// Scalars: learning rate.
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let v = params.rho * square_average[at] + params.one_minus_rho * g * g;
  square_average[at] = v;
  let known = delta_average[at];
  let delta = sqrt(known + params.eps) / sqrt(v + params.eps) * g;
  delta_average[at] = params.rho * known + params.one_minus_rho * delta * delta;
  return p - scalars().x * delta;
}
