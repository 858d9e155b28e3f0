// Mean and sum of squared deviations of each run's columns (Welford, "Note on a method for calculating corrected sums of
// squares and products", 1962).
fn item(i: u32) {
  let place = place_of(i);
  var mean = vec4f();
  var squares = vec4f();
  var n = 0.0;
  for (var row = place.first; row < place.end; row++) {
    let value = x[row * params.columns4 + place.column];
    let deviation = value - mean;
    n += 1.0;
    mean += deviation * (1.0 / n);
    squares += deviation * (value - mean);
  }
  let at = (i / params.columns4) * 2u * params.columns4 + place.column;
  parts[at] = mean;
  parts[at + params.columns4] = squares;
}
