// Scalars: what the step sizes start from (in the first step; then 0).
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  // of the signs, not of the values, whose product may underflow
  let agreement = sign(g) * sign(previous_gradient[at]);
  let factor = select(select(vec4f(1.0), vec4f(params.eta_plus), agreement > vec4f()), vec4f(params.eta_minus), agreement < vec4f());
  let size = clamp((step_size[at] + scalars().x) * factor, vec4f(params.smallest), vec4f(params.largest_step));
  step_size[at] = size;
  let used = select(g, vec4f(), agreement < vec4f());
  previous_gradient[at] = used;
  return p - sign(used) * size;
}
