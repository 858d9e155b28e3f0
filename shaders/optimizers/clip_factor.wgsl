// The norm, and what gradients are multiplied by so that theirs is at most params.largest.
fn item(i: u32) {
  var sum = 0.0;
  for (var at = 0u; at < params.sums; at++) {
    sum += sums[at];
  }
  let total = sqrt(sum);
  norm[0] = total;
  factor[0] = min(1.0, params.largest / (total + 1e-6));
}
