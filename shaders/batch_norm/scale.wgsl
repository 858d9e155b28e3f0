// What a frozen BatchNorm does to a channel: y = scale * x + shift. Elements past the last channel become zero.
fn item(c: u32) {
  if (c >= params.channels) {
    scale[c] = 0.0;
    shift[c] = 0.0;
    return;
  }
  let factor = weight[c] / sqrt(variance[c] + params.eps);
//#if INNER_BIAS
  let centre = inner_bias[c] - mean[c];
//#else
  let centre = -mean[c];
//#end
  scale[c] = factor;
  shift[c] = bias[c] + centre * factor;
}
