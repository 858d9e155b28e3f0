// Gradient of max pooling: a pixel takes from every window whose first maximum it is, in the order of rows and columns.
struct Place { row: i32, column: i32, image: u32 }

fn locate(pixel: u32) -> Place {
  let line = pixel / params.width;
  return Place(i32(line % params.height), i32(pixel % params.width), line / params.height);
}

fn row_item(place: Place, i: u32, c: u32) {
  let mine = x[i];
  var sum = vec4f();
  for (var ky = 0; ky < params.kernel_y; ky++) {
    let window_y = window_at(place.row + params.padding_y - ky * params.dilation_y, params.stride_y, params.out_height);
    if (window_y < 0) {
      continue;
    }
    for (var kx = 0; kx < params.kernel_x; kx++) {
      let window_x = window_at(place.column + params.padding_x - kx * params.dilation_x, params.stride_x, params.out_width);
      if (window_x < 0) {
        continue;
      }
      let window = ((place.image * params.out_height + u32(window_y)) * params.out_width + u32(window_x)) * params.row_units + c;
      var is_first = mine == y[window];
      if (any(is_first)) {
        is_first &= !found_before(place, window_y, window_x, ky * params.kernel_x + kx, c, mine);
      }
      sum += select(vec4f(), dy[window], is_first);
    }
  }
  dx[i] = sum;
}

// Where an earlier tap of the window has the same value.
fn found_before(place: Place, window_y: i32, window_x: i32, taps: i32, c: u32, value: vec4f) -> vec4<bool> {
  var found = vec4<bool>();
  for (var tap = 0; tap < taps; tap++) {
    let y_in = u32(window_y * params.stride_y - params.padding_y + tap / params.kernel_x * params.dilation_y);
    let x_in = u32(window_x * params.stride_x - params.padding_x + tap % params.kernel_x * params.dilation_x);
    if (y_in < params.height && x_in < params.width) {
      found |= x[((place.image * params.height + y_in) * params.width + x_in) * params.row_units + c] == value;
    }
  }
  return found;
}
