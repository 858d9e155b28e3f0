// y = (x - mean) / sqrt(variance + eps) * weight + bias. Channel padding becomes zero.
fn item(i: u32) {
  let place = place_of(i);
  let channels = channels_of(place.column);
  let at = groups_of(place.segment, channels);
  let centre = mean_at(at);
  let factor = keep_column(scale_at(at) * weight_at(channels), place.column);
//#if AFFINE
  let shift = keep_column(vec4f(bias[channels.x], bias[channels.y], bias[channels.z], bias[channels.w]), place.column);
//#else
  let shift = vec4f();
//#end
  for (var row = place.first; row < place.end; row++) {
    let unit = row * params.columns4 + place.column;
    y[unit] = (x[unit] - centre) * factor + shift;
  }
}
