// Resizes NHWC vec4s; with ADD, the result is added to another map of the output's size.
//#if MODE == 'nearest'
alias Place = u32;
//#else
// Where the four neighbours begin, and the weights of the lower and the right ones.
struct Place { starts: vec4u, down: f32, across: f32 }
//#end

fn locate(pixel: u32) -> Place {
  let column = pixel % params.out_width;
  let line = pixel / params.out_width;
  let row = line % params.out_height;
  let image = (line / params.out_height) * params.height;
//#if MODE == 'nearest'
  let from_row = image + nearest(row, params.scale_y, params.height);
  return (from_row * params.width + nearest(column, params.scale_x, params.width)) * params.row_units;
//#else
  let down = linear_taps(row, params.scale_y, params.height);
  let across = linear_taps(column, params.scale_x, params.width);
  let lines = (vec4u(image) + vec4u(down.low, down.low, down.high, down.high)) * params.width;
  let starts = (lines + vec4u(across.low, across.high, across.low, across.high)) * params.row_units;
  return Place(starts, down.weight, across.weight);
//#end
}

fn row_item(place: Place, i: u32, c: u32) {
//#if MODE == 'nearest'
  var value = x[place + c];
//#else
  let top = mix(x[place.starts.x + c], x[place.starts.y + c], place.across);
  let bottom = mix(x[place.starts.z + c], x[place.starts.w + c], place.across);
  var value = mix(top, bottom, place.down);
//#end
//#if ADD
  value += lateral[i];
//#end
  y[i] = value;
}
