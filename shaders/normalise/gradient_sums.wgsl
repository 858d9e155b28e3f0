// The sums of the runs, for a channel of a segment.
fn item(i: u32) {
  let segment = i / params.channels;
  let channel = i - segment * params.channels;
  let stride = params.columns4 * 4u;
  let start = segment * params.runs * 2u * stride + channel;
  var sum = vec2f();
  for (var run = 0u; run < params.runs; run++) {
    let at = start + run * 2u * stride;
    sum += vec2f(parts[at], parts[at + stride]);
  }
  sums[i] = sum;
}
