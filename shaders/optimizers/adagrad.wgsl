// Scalars: step size, what the sum of squares starts from (in the first step; then 0).
fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f {
  let s = scalars();
  let sum = square_sum[at] + s.y + g * g;
  square_sum[at] = sum;
  return p - s.x * g / (sqrt(sum) + params.eps);
}
