// Finds where the pixels of a mask change value, in COCO's order: down each column, columns from left to right. One
// invocation walks down one column; the pixel before its first is the last one of the column before it.
// PHASE 'count' counts the changes of each column and keeps the first four of them; PHASE 'write' writes the positions
// where the prefix sums say, and walks again only where there are more.
var<private> value_before: bool;
var<private> changes: u32;
//#if PHASE == 'write'
var<private> target_start: u32;
var<private> target_length: u32;
//#else
var<private> kept: vec4u;
//#end

fn observe(value: bool, position: i32) {
  if (value != value_before) {
//#if PHASE == 'write'
    if (changes < target_length) {
      positions[target_start + changes] = u32(position);
    }
//#else
    kept = select(kept, vec4u(u32(position)), vec4u(changes) == vec4u(0, 1, 2, 3));
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
    let columns = columns_of(source(x - 1 - resized.x, scale.x, padded.x));
    let row = source(last - 1 - resized.y, scale.y, padded.y);
    value_before =
      blend(row.weight, mask_row(item, row.low, columns), mask_row(item, row.low + 1, columns)) > params.threshold;
  }
  if (first > 0) {
    observe(false, start);
  }
  let columns = columns_of(source(x - resized.x, scale.x, padded.x));
  var row = source(first - resized.y, scale.y, padded.y).low;
  var lower = mask_row(item, row, columns);
  var y = first;
  while (y < last && row < padded.y) {
    // pixels [y, end) lie between rows `row` and `row` + 1 of the padded mask
    let end = min(row_ends[i32(item) * padded.y + row] + resized.y, last);
    let upper = lower;
    row++;
    lower = mask_row(item, row, columns);
    // clear of the threshold by more than rounding, the whole stretch has one value
    let margin = 4e-6 * (abs(params.threshold) + max(abs(upper), abs(lower)));
    let all = min(upper, lower) > params.threshold + margin;
    let none = max(upper, lower) < params.threshold - margin;
    if (all || none) {
      if (y < end) {
        observe(all, start + y);
        y = end;
      }
    } else {
      for (; y < end; y++) {
        let weight = source(y - resized.y, scale.y, padded.y).weight;
        observe(blend(weight, upper, lower) > params.threshold, start + y);
      }
    }
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
    if (target_length <= 4u) {
      let known = kept_positions[index];
      for (var k = 0u; k < target_length; k++) {
        positions[target_start + k] = known[k];
      }
    } else {
      walk(item, clipped.x + i32(i), resized, clipped, image);
    }
//#else
    kept = vec4u();
    walk(item, clipped.x + i32(i), resized, clipped, image);
    column_ends[index] = changes;
    kept_positions[index] = kept;
//#end
  }
}
