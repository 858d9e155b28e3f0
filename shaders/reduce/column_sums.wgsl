// The sums of the runs, one column to an item.
fn item(i: u32) {
  var sum = 0.0;
  for (var run = 0u; run < params.runs; run++) {
    sum += parts[run * params.stride + i];
  }
  y[i] = sum;
}
