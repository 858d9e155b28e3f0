// y = x / (1 - p) with probability 1 - p, else 0, by four random words for each vec4.
fn item(quad: u32) {
  let words = philox(vec4u(quad, random[1], params.stream, 1u), vec2u(random[0], 0u));
  y[quad] = select(vec4f(), x[quad] * params.scale, words >= vec4u(params.threshold));
}
