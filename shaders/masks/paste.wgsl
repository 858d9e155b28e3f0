// Pastes a mask into an image of zeros: 1 where its value is above the threshold. One workgroup per row and detection.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let y = i32(workgroup.x);
  let image = vec2i(i32(params.width), i32(params.height));
  var present = true;
//#if COUNTED
  present = item < count[0];
//#end
  let p = place(boxes[item], params.expansion, image);
  let padded = vec2i(i32(params.mask_width), i32(params.mask_height)) + 2;
  let scale = vec2f(padded) / vec2f(p.size);
  let row = source(y - p.origin.y, scale.y, padded.y);
  for (var x = i32(lane); x < image.x; x += ${LANES}) {
    var value = 0u;
    if (present && x >= p.low.x && x < p.high.x && y >= p.low.y && y < p.high.y) {
      let column = columns_of(source(x - p.origin.x, scale.x, padded.x));
      let probability = blend(row.weight, mask_row(item, row.low, column), mask_row(item, row.low + 1, column));
      value = u32(probability > params.threshold);
    }
    pasted[(i32(item) * image.y + y) * image.x + x] = value;
  }
}
