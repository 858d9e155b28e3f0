// Gradient of average pooling: a pixel takes its share from every window that it lies in.
struct Place { row: i32, column: i32, image: u32 }

fn locate(pixel: u32) -> Place {
  let line = pixel / params.width;
  return Place(i32(line % params.height), i32(pixel % params.width), line / params.height);
}

fn row_item(place: Place, i: u32, c: u32) {
  var sum = vec4f();
  for (var ky = 0; ky < params.kernel_y; ky++) {
    let window_y = window_at(place.row + params.padding_y - ky, params.stride_y, params.out_height);
    if (window_y < 0) {
      continue;
    }
    let rows = taps_of(window_y * params.stride_y - params.padding_y, params.kernel_y, i32(params.height), params.padding_y);
    for (var kx = 0; kx < params.kernel_x; kx++) {
      let window_x = window_at(place.column + params.padding_x - kx, params.stride_x, params.out_width);
      if (window_x >= 0) {
        let columns = taps_of(window_x * params.stride_x - params.padding_x, params.kernel_x, i32(params.width), params.padding_x);
        let window = ((place.image * params.out_height + u32(window_y)) * params.out_width + u32(window_x)) * params.row_units + c;
        sum += dy[window] / f32(rows * columns);
      }
    }
  }
  dx[i] = sum;
}

// How many taps of a window count on an axis, as in pool2d.wgsl.
fn taps_of(start: i32, kernel: i32, size: i32, padding: i32) -> i32 {
//#if INCLUDE_PAD
  return min(start + kernel, size + padding) - start;
//#else
  return min(start + kernel, size) - max(start, 0);
//#end
}
