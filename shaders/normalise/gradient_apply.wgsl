// dx. Where the statistics come from x itself, they depend on it: the gradient loses its mean and its component along the
// normalised x (Ioffe and Szegedy, "Batch Normalization", 2015, section 3).
fn item(i: u32) {
  let place = place_of(i);
  let channels = channels_of(place.column);
  let at = groups_of(place.segment, channels);
  let scale = scale_at(at);
  let factor = keep_column(scale * weight_at(channels), place.column);
//#if OWN_MOMENTS
  let centre = mean_at(at);
  let shift = keep_column(scale * vec4f(means[at.x].x, means[at.y].x, means[at.z].x, means[at.w].x), place.column);
  let along = vec4f(means[at.x].y, means[at.y].y, means[at.z].y, means[at.w].y);
  let slope = keep_column(scale * scale * along, place.column);
//#end
  for (var row = place.first; row < place.end; row++) {
    let unit = row * params.columns4 + place.column;
//#if OWN_MOMENTS
    dx[unit] = dy[unit] * factor - shift - (x[unit] - centre) * slope;
//#else
    dx[unit] = dy[unit] * factor;
//#end
  }
}
