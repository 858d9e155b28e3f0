// Moments of a channel of a segment from those of its runs (Chan, Golub and LeVeque, "Algorithms for computing the sample
// variance", 1983). For groups of channels a further pass follows.
fn item(i: u32) {
  let segment = i / params.channels;
  let channel = i - segment * params.channels;
  let stride = params.columns4 * 4u;
  let start = segment * params.runs * 2u * stride + channel;
  let total = f32(segment_rows_in_use(segment));
  // relative to the first run's mean, so that little is lost where the mean is far from 0
  let centre = select(0.0, parts[start], total > 0.0);
  var offset = 0.0;
  for (var run = 0u; run < params.runs; run++) {
    offset += rows_in(segment, run) * (parts[start + run * 2u * stride] - centre);
  }
  let channel_mean = centre + offset / max(total, 1.0);
  var squares = 0.0;
  for (var run = 0u; run < params.runs; run++) {
    let at = start + run * 2u * stride;
    let deviation = parts[at] - channel_mean;
    squares += parts[at + stride] + rows_in(segment, run) * deviation * deviation;
  }
//#if GROUPED
  channel_moments[i] = vec2f(channel_mean, squares);
//#else
  mean[i] = channel_mean;
  variance[i] = squares / max(total, 1.0);
//#end
//#if TRACKED
  // a single value has no variance to learn from
  if (total >= 2.0) {
//#if CUMULATIVE
    let momentum = 1.0 / (batches[0] + 1.0);
//#else
    let momentum = params.momentum;
//#end
    running_mean[i] += momentum * (channel_mean - running_mean[i]);
    running_variance[i] += momentum * (squares / (total - 1.0) - running_variance[i]);
  }
//#end
}

fn rows_in(segment: u32, run: u32) -> f32 {
  let rows = rows_of(segment, run);
  return f32(rows.y - rows.x);
}
