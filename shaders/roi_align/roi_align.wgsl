// RoIAlign with torchvision's semantics. One invocation computes some rows of bins of one box, for VECTORS vec4s of
// channels.
//
// The average over a bin's samples is separable: rows of the feature map are combined vertically first, and the
// combination of a column serves every sample that falls between it and its neighbour.

//#for L 0 LEVELS
// Rows of bins [first, last) of a box on level ${L}, for the vec4s of channels `channel` + v * params.step.
fn pool_${L}(box: vec4f, item: u32, channel: u32, first: u32, last: u32) {
  let height = i32(params.height${L});
  let width = i32(params.width${L});
  let vertical = axis(box.y, box.w, params.scale${L}, f32(params.bin_rows));
  let horizontal = axis(box.x, box.z, params.scale${L}, f32(params.bin_columns));
  let samples = max(f32(vertical.samples * horizontal.samples), 1.0);
  let pitch = i32(params.channels);
//#for V 0 VECTORS
  let channel${V} = i32(min(channel + ${V}u * params.step, params.channels - 1u));
//#end
  for (var bin_row = first; bin_row < last; bin_row++) {
//#if SAMPLES == 2
    // the rows of two samples: four with weights, fewer where they coincide
    let upper = tap(sample_at(vertical, bin_row, 0u), height);
    let lower = tap(sample_at(vertical, bin_row, 1u), height);
    var rows = vec4i(upper.low, upper.low + 1, lower.low, lower.low + 1);
    var weights = vec4f(upper.low_weight, upper.high_weight, lower.low_weight, lower.high_weight);
    var used = 4;
    if (lower.low == upper.low) {
      weights = vec4f(weights.xy + weights.zw, 0.0, 0.0);
      used = 2;
    } else if (lower.low == upper.low + 1) {
      rows.z = rows.w;
      weights = vec4f(weights.x, weights.y + weights.z, weights.w, 0.0);
      used = 3;
    }
    rows = min(rows, vec4i(height - 1)) * (width * pitch);
//#end
    // `left` and `right` are the combinations of columns `right_column` - 1 and `right_column`
//#for V 0 VECTORS
    var left${V} = vec4f();
    var right${V} = vec4f();
//#end
    var right_column = -9;
    for (var bin_column = 0u; bin_column < params.bin_columns; bin_column++) {
//#for V 0 VECTORS
      var sum${V} = vec4f();
//#end
      for (var i = 0u; i < horizontal.samples; i++) {
        let h = tap(sample_at(horizontal, bin_column, i), width);
        if (h.low_weight + h.high_weight > 0.0) {
          if (right_column < h.low || right_column > h.low + 1) {
            right_column = h.low - 1;
          }
          while (right_column <= h.low) {
            right_column++;
            let column = min(right_column, width - 1) * pitch;
//#for V 0 VECTORS
            left${V} = right${V};
            right${V} = vec4f();
//#end
//#if SAMPLES == 2
            for (var k = 0; k < used; k++) {
              let at = rows[k] + column;
              let weight = weights[k];
//#for V 0 VECTORS
              right${V} += weight * x${L}[at + channel${V}];
//#end
            }
//#else
            for (var j = 0u; j < vertical.samples; j++) {
              let v = tap(sample_at(vertical, bin_row, j), height);
              let low = v.low * width * pitch + column;
              let high = min(v.low + 1, height - 1) * width * pitch + column;
//#for V 0 VECTORS
              right${V} += v.low_weight * x${L}[low + channel${V}] + v.high_weight * x${L}[high + channel${V}];
//#end
            }
//#end
          }
//#for V 0 VECTORS
          sum${V} += h.low_weight * left${V} + h.high_weight * right${V};
//#end
        }
      }
      let bin = ((item * params.bin_rows + bin_row) * params.bin_columns + bin_column) * params.channels + channel;
//#for V 0 VECTORS
//#if V == 0
      y[bin] = sum${V} / samples;
//#else
      if (channel + ${V}u * params.step < params.channels) { y[bin + ${V}u * params.step] = sum${V} / samples; }
//#end
//#end
    }
  }
}
//#end

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let index = (workgroup.y * groups.x + workgroup.x) * ${LANES}u + lane;
  let item = index / params.step;
  var limit = params.items;
//#if COUNTED
  limit = min(limit, count[0]);
//#end
  if (item >= limit) {
    return;
  }
  let channel = index - item * params.step;
  let first = workgroup.z * params.rows;
  let last = min(first + params.rows, params.bin_rows);
  let box = boxes[item];
//#if LEVELS == 1
  pool_0(box, item, channel, first, last);
//#else
  let level = level_of(box);
//#for L 0 LEVELS
  if (level == ${L}) { pool_${L}(box, item, channel, first, last); }
//#end
  if (level < 0) {
    let bins = params.bin_columns;
    for (var bin = first * bins; bin < last * bins; bin++) {
      for (var c = channel; c < params.channels; c += params.step) {
        y[(item * params.bin_rows * bins + bin) * params.channels + c] = vec4f();
      }
    }
  }
//#end
}
