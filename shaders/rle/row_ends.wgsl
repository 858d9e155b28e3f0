// For each mask and each row of its padded mask, the first row of the resized mask that lies at or below the next one:
// the same for all of its columns.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let rows = i32(params.mask_height) + 2;
  let height = frames[1u + 3u * item].w;
  let scale = f32(rows) / f32(height);
  for (var row = i32(lane); row < rows; row += ${LANES}) {
    var end = height;
    if (row < rows - 1) {
      end = clamp(i32((f32(row) + 1.5) / scale - 0.5), 0, height);
      while (end > 0 && source(end - 1, scale, rows).low > row) { end--; }
      while (end < height && source(end, scale, rows).low <= row) { end++; }
    }
    row_ends[i32(item) * rows + row] = end;
  }
}
