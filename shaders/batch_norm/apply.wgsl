// y = scale * x + shift over NHWC vec4s.
fn item(i: u32) {
  let c = i % params.channel_units;
  y[i] = x[i] * scale[c] + shift[c];
}
