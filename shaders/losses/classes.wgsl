// Cross entropy of a row of logits and its label. Padding of the row is not read.
fn item(row: u32) {
  let first = row * params.pitch;
  if (row >= count[0]) {
//#if GRADIENT
    for (var c = 0u; c < params.pitch; c++) {
      d_logits[first + c] = 0.0;
    }
//#end
    return;
  }
  let label = labels[row];
  var largest = logits[first];
  var best = 0u;
  var spoilt = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    let x = logits[first + c];
    if (!is_finite(x)) {
      spoilt = not_a_number(x);
    }
    if (x > largest) {
      largest = x;
      best = c;
    }
  }
  // of all but the largest, whose exponential is 1: small losses keep their digits
  var rest = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    rest += select(exp(max(logits[first + c] - largest, -200.0)), 0.0, c == best);
  }
//#if GRADIENT
  for (var c = 0u; c < params.classes; c++) {
    let probability = exp(max(logits[first + c] - largest, -200.0)) / (1.0 + rest);
    d_logits[first + c] = dy[0] * (probability - f32(c == label)) + spoilt;
  }
  for (var c = params.classes; c < params.pitch; c++) {
    d_logits[first + c] = 0.0;
  }
//#else
  terms[row] = log1p(rest) - (logits[first + label] - largest) + spoilt;
//#end
}
