// Gradient of a resize: a pixel takes from every output pixel that was made of it, by the weight it had there.
struct Place { rows: vec2u, columns: vec2u, image: u32, row: u32, column: u32 }

fn locate(pixel: u32) -> Place {
  let line = pixel / params.width;
  let row = line % params.height;
  let column = pixel % params.width;
  return Place(
    takers(row, params.scale_y, params.out_height),
    takers(column, params.scale_x, params.out_width),
    line / params.height, row, column,
  );
}

// Output places [x, y) that may take from `place`: some more than do, since rounding may lie on either side.
fn takers(place: u32, scale: f32, out_size: u32) -> vec2u {
  let first = (f32(place) - 1.0) / scale - 1.0;
  let end = (f32(place) + 2.0) / scale + 1.0;
  return vec2u(u32(max(first, 0.0)), min(u32(max(end, 0.0)) + 1u, out_size));
}

fn weight_of(taker: u32, place: u32, scale: f32, size: u32) -> f32 {
//#if MODE == 'nearest'
  return select(0.0, 1.0, nearest(taker, scale, size) == place);
//#else
  let taps = linear_taps(taker, scale, size);
  return select(0.0, 1.0 - taps.weight, taps.low == place) + select(0.0, taps.weight, taps.high == place);
//#end
}

fn row_item(place: Place, i: u32, c: u32) {
  var sum = vec4f();
  for (var row = place.rows.x; row < place.rows.y; row++) {
    let down = weight_of(row, place.row, params.scale_y, params.height);
    if (down == 0.0) {
      continue;
    }
    let line = (place.image * params.out_height + row) * params.out_width;
    for (var column = place.columns.x; column < place.columns.y; column++) {
      let weight = down * weight_of(column, place.column, params.scale_x, params.width);
      if (weight != 0.0) {
        sum += weight * dy[(line + column) * params.row_units + c];
      }
    }
  }
  dx[i] = sum;
}
