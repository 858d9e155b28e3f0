// Resizes NHWC vec4s; with ADD, the result is added to another map of the output's size.
fn item(i: u32) {
  let c = i % params.channel_units;
  let pixel = i / params.channel_units;
  let column = pixel % params.out_width;
  let line = pixel / params.out_width;
  let row = line % params.out_height;
  let image = (line / params.out_height) * params.height;
//#if MODE == 'nearest'
  let from_row = image + nearest(row, params.scale_y, params.height);
  var value = x[(from_row * params.width + nearest(column, params.scale_x, params.width)) * params.channel_units + c];
//#else
  let down = linear_taps(row, params.scale_y, params.height);
  let across = linear_taps(column, params.scale_x, params.width);
  let upper = (image + down.low) * params.width;
  let lower = (image + down.high) * params.width;
  let top = mix(x[(upper + across.low) * params.channel_units + c], x[(upper + across.high) * params.channel_units + c],
    across.weight);
  let bottom = mix(x[(lower + across.low) * params.channel_units + c],
    x[(lower + across.high) * params.channel_units + c], across.weight);
  var value = mix(top, bottom, down.weight);
//#end
//#if ADD
  value += lateral[i];
//#end
  y[i] = value;
}
