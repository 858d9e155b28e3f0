// Means over a group of a segment: of the gradient by the normalised x, and of its product with the normalised x.
fn item(i: u32) {
  let segment = i / params.groups;
  let group = i - segment * params.groups;
  var sum = vec2f();
  for (var c = 0u; c < params.group_size; c++) {
    let channel = group * params.group_size + c;
//#if AFFINE
    sum += weight[channel] * sums[segment * params.channels + channel];
//#else
    sum += sums[segment * params.channels + channel];
//#end
  }
  means[i] = sum / max(f32(segment_rows_in_use(segment)) * f32(params.group_size), 1.0);
}
