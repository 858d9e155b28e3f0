// Sums of dy and of dy times the normalised x, over the columns of runs.
fn item(i: u32) {
  let place = place_of(i);
  let at = groups_of(place.segment, channels_of(place.column));
  let centre = mean_at(at);
  var sum = vec4f();
  var products = vec4f();
  for (var row = place.first; row < place.end; row++) {
    let unit = row * params.columns4 + place.column;
    let value = dy[unit];
    sum += value;
    products += value * (x[unit] - centre);
  }
  let target_unit = (i / params.columns4) * 2u * params.columns4 + place.column;
  parts[target_unit] = sum;
  parts[target_unit + params.columns4] = products * scale_at(at);
}
