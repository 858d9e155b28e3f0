// Writes masks out as 0 and 1; each lane walks down a column, from the run that its first pixel lies in.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let x = workgroup.x * ${LANES}u + lane;
  if (x >= params.width) {
    return;
  }
  let list = lists[item];
  // run `first` is the one that ends beyond the pixel
  var pixel = x * params.height;
  var first = 0u;
  var last = list.y;
  while (first < last) {
    let middle = (first + last) / 2u;
    if (positions[list.x + middle] <= pixel) { first = middle + 1u; } else { last = middle; }
  }
  var run = first;
  var end = 0xffffffffu;
  if (run < list.y) {
    end = positions[list.x + run];
  }
  for (var y = 0u; y < params.height; y++) {
    while (run < list.y && pixel >= end) {
      run++;
      end = select(0xffffffffu, positions[list.x + min(run, list.y - 1u)], run < list.y);
    }
    masks[(item * params.height + y) * params.width + x] = select(0u, run & 1u, run < list.y);
    pixel++;
  }
}
