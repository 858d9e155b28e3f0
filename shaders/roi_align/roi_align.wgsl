// RoIAlign with torchvision's semantics. One invocation computes some rows of bins of one box, for VECTORS vec4s of
// channels.
//
// The average over a bin's samples is separable: rows of the feature map are combined vertically first, and the
// combination of a column serves every sample that falls between it and its neighbour.

struct Axis { start: f32, bin: f32, samples: u32 }

fn ceil_of_quotient(a: f32, b: f32) -> f32 {
  // exact where the division is not: the products of small whole numbers are
  var n = ceil(a / b);
  n -= select(0.0, 1.0, (n - 1.0) * b >= a);
  return n + select(0.0, 1.0, n * b < a);
}

fn axis(low: f32, high: f32, scale: f32, bins: f32) -> Axis {
//#if ALIGNED
  let start = low * scale - 0.5;
  let size = (high * scale - 0.5) - start;
//#else
  let start = low * scale;
  let size = max(high * scale - start, 1.0);
//#end
//#if SAMPLES > 0
  return Axis(start, size / bins, ${SAMPLES}u);
//#else
  return Axis(start, size / bins, u32(clamp(ceil_of_quotient(size, bins), 0.0, ${MAX_SAMPLES}.0)));
//#end
}

fn sample_at(a: Axis, bin: u32, i: u32) -> f32 {
  return a.start + f32(bin) * a.bin + (f32(i) + 0.5) * a.bin / f32(a.samples);
}

// Where a sample lies between rows or columns `low` and `low` + 1; outside, both weights are 0.
struct Tap { low: i32, low_weight: f32, high_weight: f32 }

fn tap(position: f32, size: i32) -> Tap {
  if (position < -1.0 || position > f32(size)) {
    return Tap(0, 0.0, 0.0);
  }
  let p = max(position, 0.0);
  let low = i32(p);
  if (low >= size - 1) {
    return Tap(size - 1, 1.0, 0.0);
  }
  let weight = p - f32(low);
  return Tap(low, 1.0 - weight, weight);
}

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
  // torchvision's level mapper has no level for a box of negative area, and pools zeros
  let area = (box.z - box.x) * (box.w - box.y);
  var level = select(0, -1, area < 0.0);
//#for L 1 LEVELS
  if (area >= params.area${L}) { level = ${L}; }
//#end
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
