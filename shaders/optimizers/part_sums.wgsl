// Sums of runs of parts, one run to an item.
fn item(i: u32) {
  var sum = 0.0;
  let end = min((i + 1u) * params.run, params.parts);
  for (var at = i * params.run; at < end; at++) {
    sum += parts[at];
  }
  sums[i] = sum;
}
