// RoIAlign with torchvision's semantics. One invocation computes ROWS rows of bins of one box, for four channels.
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
  return Axis(start, size / bins, u32(max(ceil_of_quotient(size, bins), 0.0)));
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
// Rows of bins [first, last) of a box on level ${L}; `channel` counts vec4s.
fn pool_${L}(box: vec4f, item: u32, channel: u32, first: u32, last: u32) {
  let height = i32(params.height${L});
  let width = i32(params.width${L});
  let vertical = axis(box.y, box.w, params.scale${L}, f32(params.bin_rows));
  let horizontal = axis(box.x, box.z, params.scale${L}, f32(params.bin_columns));
  let samples = max(f32(vertical.samples * horizontal.samples), 1.0);
  let base = i32(channel);
  let pitch = i32(params.channels);
  for (var bin_row = first; bin_row < last; bin_row++) {
//#if SAMPLES == 2
    // four rows with weights; rows that coincide are merged, and loads of weight 0 left out
    let upper = tap(sample_at(vertical, bin_row, 0u), height);
    let lower = tap(sample_at(vertical, bin_row, 1u), height);
    var w0 = upper.low_weight;
    var w1 = upper.high_weight;
    var w2 = lower.low_weight;
    var w3 = lower.high_weight;
    let y0 = upper.low;
    var y1 = upper.low + 1;
    let same = lower.low == y0;
    let next = lower.low == y1;
    if (next) { w1 += w2; }
    if (same) { w0 += w2; w1 += w3; w3 = 0.0; }
    if (same || next) { w2 = 0.0; }
    let row0 = y0 * width;
    let row1 = min(y1, height - 1) * width;
    let row2 = lower.low * width;
    let row3 = min(lower.low + 1, height - 1) * width;
//#end
    // `left` and `right` are the combinations of columns `right_column` - 1 and `right_column`
    var left = vec4f();
    var right = vec4f();
    var right_column = -9;
    for (var bin_column = 0u; bin_column < params.bin_columns; bin_column++) {
      var sum = vec4f();
      for (var i = 0u; i < horizontal.samples; i++) {
        let h = tap(sample_at(horizontal, bin_column, i), width);
        if (h.low_weight + h.high_weight > 0.0) {
          if (right_column < h.low || right_column > h.low + 1) {
            right_column = h.low - 1;
          }
          while (right_column <= h.low) {
            right_column++;
            left = right;
            let column = min(right_column, width - 1);
            var t = vec4f();
//#if SAMPLES == 2
//#for K 0 4
            if (w${K} != 0.0) { t += w${K} * x${L}[(row${K} + column) * pitch + base]; }
//#end
//#else
            for (var j = 0u; j < vertical.samples; j++) {
              let v = tap(sample_at(vertical, bin_row, j), height);
              if (v.low_weight != 0.0) { t += v.low_weight * x${L}[(v.low * width + column) * pitch + base]; }
              if (v.high_weight != 0.0) { t += v.high_weight * x${L}[((v.low + 1) * width + column) * pitch + base]; }
            }
//#end
            right = t;
          }
          sum += h.low_weight * left + h.high_weight * right;
        }
      }
      y[((item * params.bin_rows + bin_row) * params.bin_columns + bin_column) * params.channels + channel] =
        sum / samples;
    }
  }
}
//#end

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let index = (workgroup.y * groups.x + workgroup.x) * ${LANES}u + lane;
  let item = index / params.channels;
  var limit = params.items;
//#if COUNTED
  limit = min(limit, count[0]);
//#end
  if (item >= limit) {
    return;
  }
  let channel = index - item * params.channels;
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
      y[(item * params.bin_rows * bins + bin) * params.channels + channel] = vec4f();
    }
  }
//#end
}
