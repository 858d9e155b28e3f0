// Max and average pooling over NHWC vec4s: one output pixel's four channels an item.
struct Place { left: i32, top: i32, image: u32 }

fn locate(pixel: u32) -> Place {
  let row = pixel / params.out_width;
  return Place(
    i32(pixel % params.out_width) * params.stride_x - params.padding_x,
    i32(row % params.out_height) * params.stride_y - params.padding_y,
    (row / params.out_height) * params.height,
  );
}

fn row_item(place: Place, i: u32, c: u32) {
//#if MODE == 'max'
  var result = vec4f(-3.4028234e38);
//#else
  var result = vec4f();
  var taps = 0u;
//#end
  for (var ky = 0; ky < params.kernel_y; ky++) {
    // a negative coordinate is a large number as u32
    let y_in = u32(place.top + ky * params.dilation_y);
    if (y_in < params.height) {
      let line = (place.image + y_in) * params.width;
      for (var kx = 0; kx < params.kernel_x; kx++) {
        let x_in = u32(place.left + kx * params.dilation_x);
        if (x_in < params.width) {
          let value = x[(line + x_in) * params.row_units + c];
//#if MODE == 'max'
          result = max(result, value);
//#else
          result += value;
          taps++;
//#end
        }
      }
    }
  }
//#if MODE == 'max'
  y[i] = result;
//#else
//#if INCLUDE_PAD
  // windows count the padding, but not what ceil mode adds beyond it
  let bottom = min(place.top + params.kernel_y, i32(params.height) + params.padding_y);
  let right = min(place.left + params.kernel_x, i32(params.width) + params.padding_x);
  taps = u32((bottom - place.top) * (right - place.left));
//#end
  y[i] = result / f32(taps);
//#end
}
