fn item(i: u32) {
//#if GRADIENT
  var value = 0.0;
  if (i < count[0]) {
    value = dy[0] * binary_cross_entropy_derivative(logits[i], f32(i < positives[0]));
  }
  d_logits[i] = value;
//#else
  if (i < count[0]) {
    terms[i] = binary_cross_entropy(logits[i], f32(i < positives[0]));
  }
//#end
}
