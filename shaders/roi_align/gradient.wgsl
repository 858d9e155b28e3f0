// Gradient of RoIAlign by one level's map, as a gather: a pixel takes from the bins of the boxes in its tile's list. The weight
// of a pixel in a bin is the product of one for its row and one for its column. One invocation computes one pixel, for
// VECTORS vec4s of channels.

// Bins whose samples may reach a place: all between the neighbours, with room for rounding.
fn bins_near(a: Axis, place: f32, bins: u32) -> vec2u {
  let ends = (vec2f(place - 1.0, place + 1.0) - a.start) / a.bin;
  // a bin of no size has all of its samples in one place
  let known = a.bin != 0.0;
  let low = select(0.0, min(ends.x, ends.y) - 0.01, known);
  let high = select(f32(bins), max(ends.x, ends.y) + 1.01, known);
  return vec2u(clamp(vec2f(low, high), vec2f(), vec2f(f32(bins))));
}

fn weight_in(a: Axis, bin: u32, place: i32, size: i32) -> f32 {
  var weight = 0.0;
  for (var i = 0u; i < a.samples; i++) {
    let t = tap(sample_at(a, bin, i), size);
    weight += select(0.0, t.low_weight, t.low == place) + select(0.0, t.high_weight, t.low + 1 == place);
  }
  return weight;
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let index = (workgroup.y * groups.x + workgroup.x) * ${LANES}u + lane;
  let pixel = index / params.step;
  if (pixel >= params.height * params.width) {
    return;
  }
  let channel = index - pixel * params.step;
  let row = pixel / params.width;
  let column = pixel - row * params.width;
  let list = (row / ${TILE}u * params.tiles_x + column / ${TILE}u) * (params.items + 1u);
//#for V 0 VECTORS
  let channel${V} = min(channel + ${V}u * params.step, params.channels - 1u);
  var sum${V} = vec4f();
//#end
  for (var k = 1u; k <= lists[list]; k++) {
    let item = lists[list + k];
    let box = boxes[item];
    let vertical = axis(box.y, box.w, params.scale, f32(params.bin_rows));
    let horizontal = axis(box.x, box.z, params.scale, f32(params.bin_columns));
    let samples = max(f32(vertical.samples * horizontal.samples), 1.0);
    let near_rows = bins_near(vertical, f32(row), params.bin_rows);
    let near_columns = bins_near(horizontal, f32(column), params.bin_columns);
    for (var bin_row = near_rows.x; bin_row < near_rows.y; bin_row++) {
      let down = weight_in(vertical, bin_row, i32(row), i32(params.height)) / samples;
      if (down == 0.0) {
        continue;
      }
      for (var bin_column = near_columns.x; bin_column < near_columns.y; bin_column++) {
        let weight = down * weight_in(horizontal, bin_column, i32(column), i32(params.width));
        if (weight != 0.0) {
          let bin = ((item * params.bin_rows + bin_row) * params.bin_columns + bin_column) * params.channels;
//#for V 0 VECTORS
          sum${V} += weight * dy[bin + channel${V}];
//#end
        }
      }
    }
  }
  let goal = pixel * params.channels + channel;
  dx[goal] = sum0;
//#for V 1 VECTORS
  if (channel + ${V}u * params.step < params.channels) { dx[goal + ${V}u * params.step] = sum${V}; }
//#end
}
