// One list of samples from the list of positive and that of negative candidates, each of which has `row` places.
fn item(i: u32) {
  let positive = min(counts[0], params.most_positives);
  let total = positive + min(counts[1], params.size - positive);
  var index = 0u;
  if (i < positive) {
    index = chosen[i];
  } else if (i < total) {
    index = chosen[params.row + i - positive];
  }
  samples[i] = index;
  if (i == 0u) {
    sample_count[0] = total;
    positive_count[0] = positive;
  }
}
