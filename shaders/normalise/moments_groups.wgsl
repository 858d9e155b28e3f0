// Moments of a group of channels from those of its channels, which have equally many values.
fn item(i: u32) {
  let segment = i / params.groups;
  let first = i * params.group_size;
  let size = f32(params.group_size);
  let rows = f32(segment_rows_in_use(segment));
  let centre = channel_moments[first].x;
  var offset = 0.0;
  for (var c = 0u; c < params.group_size; c++) {
    offset += channel_moments[first + c].x - centre;
  }
  let group_mean = centre + offset / size;
  var squares = 0.0;
  for (var c = 0u; c < params.group_size; c++) {
    let deviation = channel_moments[first + c].x - group_mean;
    squares += channel_moments[first + c].y + rows * deviation * deviation;
  }
  mean[i] = group_mean;
  variance[i] = squares / max(rows * size, 1.0);
}
