// Adam and its relatives: running averages of the gradient and of its square (Adamax: of its largest magnitude).
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let s = scalars();
  let m = params.beta1 * average[at] + params.one_minus_beta1 * g;
  average[at] = m;
//#if RULE == 'adamax'
  // scalars: step size
  let u = max(params.beta2 * largest[at], abs(g) + params.eps);
  largest[at] = u;
  return p - s.x * m / u;
//#else
  let v = params.beta2 * square_average[at] + params.one_minus_beta2 * g * g;
  square_average[at] = v;
//#if RULE == 'nadam'
  // scalars: step sizes by the gradient and by its average, 1 / sqrt(bias correction)
  return p - (s.x * g + s.y * m) / (sqrt(v) * s.z + params.eps);
//#elif RULE == 'radam'
  // scalars: rectified step size, or 0 as long as the variance is not known well enough; plain step size
  if (s.x == 0.0) {
    return p - s.y * m;
  }
  return p - s.x * m / (sqrt(v) + params.eps);
//#else
  // scalars: step size, 1 / sqrt(bias correction), decoupled weight decay
//#if AMSGRAD
  let bound = max(largest_square_average[at], v);
  largest_square_average[at] = bound;
//#else
  let bound = v;
//#end
  return p - s.z * p - s.x * m / (sqrt(bound) * s.y + params.eps);
//#end
//#end
}
