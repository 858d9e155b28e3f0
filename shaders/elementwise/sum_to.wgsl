// Sums over the axes that were stretched: an element of y takes from every place of x that it was spread to. Axes are
// (size0, size1, size2, channels) of x; those of y are the same or 1.
fn item(i: u32) {
  let row = i / params.y_pitch;
  let channel = i - row * params.y_pitch;
  if (channel >= params.y_channels) {
    y[i] = 0.0;
    return;
  }
  let plane = row / params.y_size2;
  let place = vec3u(plane / params.y_size1, plane % params.y_size1, row % params.y_size2);
  let kept = vec3u(params.y_size0, params.y_size1, params.y_size2) > vec3u(1u);
  let size = vec3u(params.size0, params.size1, params.size2);
  let first = select(vec3u(), place, kept);
  let end = select(size, place + 1u, kept);
  let first_channel = select(0u, channel, params.y_channels > 1u);
  let end_channel = select(params.channels, channel + 1u, params.y_channels > 1u);
  var sum = 0.0;
  for (var a = first.x; a < end.x; a++) {
    for (var b = first.y; b < end.y; b++) {
      for (var c = first.z; c < end.z; c++) {
        let base = ((a * params.size1 + b) * params.size2 + c) * params.x_pitch;
        for (var d = first_channel; d < end_channel; d++) {
          sum += x[base + d];
        }
      }
    }
  }
  y[i] = sum;
}
