// Finds where the pixels of a mask change value, in COCO's order: down each column, columns from left to right. One
// invocation walks down one column; the pixel before its first is the last one of the column before it.
// PHASE 'count' counts the changes of each column; PHASE 'write' writes their positions where the prefix sums say.
var<private> value_before: bool;
var<private> changes: u32;
//#if PHASE == 'write'
var<private> target_start: u32;
var<private> target_length: u32;
//#end

fn observe(value: bool, position: i32) {
  if (value != value_before) {
//#if PHASE == 'write'
    if (changes < target_length) {
      positions[target_start + changes] = u32(position);
    }
//#end
    changes++;
    value_before = value;
  }
}

//#if SOURCE == 'paste'
fn walk(item: u32, x: i32, resized: vec4i, clipped: vec4i, image: vec2i) {
  let padded = vec2i(i32(params.mask_width), i32(params.mask_height)) + 2;
  let scale = vec2f(padded) / vec2f(resized.zw);
  let start = x * image.y;
  let first = clipped.y;
  let last = clipped.w;
  if (last == image.y && x > clipped.x) {
    let column = source(x - 1 - resized.x, scale.x, padded.x);
    let row = source(last - 1 - resized.y, scale.y, padded.y);
    value_before =
      blend(row.weight, mask_row(item, row.low, column), mask_row(item, row.low + 1, column)) > params.threshold;
  }
  if (first > 0) {
    observe(false, start);
  }
  let column = source(x - resized.x, scale.x, padded.x);
  var row = -9;
  var upper = 0.0;
  var lower = 0.0;
  for (var y = first; y < last; ) {
    // pixels [y, end) lie between rows `row` and `row` + 1 of the padded mask
    let low = source(y - resized.y, scale.y, padded.y).low;
    upper = lower;
    if (low != row + 1) {
      upper = mask_row(item, low, column);
    }
    lower = mask_row(item, low + 1, column);
    row = low;
    var end = last;
    if (low < padded.y - 1) {
      end = clamp(i32((f32(low) + 1.5) / scale.y - 0.5) + resized.y, y + 1, last);
      while (end > y + 1 && source(end - 1 - resized.y, scale.y, padded.y).low > low) { end--; }
      while (end < last && source(end - resized.y, scale.y, padded.y).low <= low) { end++; }
    }
    // clear of the threshold by more than rounding, the whole stretch has one value
    let margin = 4e-6 * (abs(params.threshold) + max(abs(upper), abs(lower)));
    let all = min(upper, lower) > params.threshold + margin;
    let none = max(upper, lower) < params.threshold - margin;
    if (all || none) {
      observe(all, start + y);
    } else {
      for (; y < end; y++) {
        let weight = source(y - resized.y, scale.y, padded.y).weight;
        observe(blend(weight, upper, lower) > params.threshold, start + y);
      }
    }
    y = end;
  }
  if (last < image.y) {
    observe(false, start + last);
  } else if (x == clipped.z - 1 && clipped.z < image.x) {
    observe(false, start + image.y);
  }
}
//#else
fn walk(item: u32, x: i32, resized: vec4i, clipped: vec4i, image: vec2i) {
  let base = i32(item) * image.x * image.y + x;
  if (x > 0) {
    value_before = masks[base + (image.y - 1) * image.x - 1] != 0u;
  }
  for (var y = 0; y < image.y; y++) {
    observe(masks[base + y * image.x] != 0u, x * image.y + y);
  }
}
//#end

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let resized = frames[1u + 3u * item];
  let clipped = frames[2u + 3u * item];
  let columns = frames[3u + 3u * item];
  let image = frames[0].yx;
  for (var i = workgroup.x * ${LANES}u + lane; i < u32(columns.y); i += groups.x * ${LANES}u) {
    let index = u32(columns.x) + i;
    value_before = false;
    changes = 0u;
//#if PHASE == 'write'
    // column_ends counts the changes of the item's columns up to and with this one
    let before = select(0u, column_ends[max(index, 1u) - 1u], i > 0u);
    target_start = spans[item].x + before;
    target_length = min(column_ends[index], spans[item].y) - min(before, spans[item].y);
    walk(item, clipped.x + i32(i), resized, clipped, image);
//#else
    walk(item, clipped.x + i32(i), resized, clipped, image);
    column_ends[index] = changes;
//#end
  }
}
