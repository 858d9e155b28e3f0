// For each tile of a level's map, the boxes whose samples may touch its pixels, in their order: a count, then their indices.
fn item(tile: u32) {
  var used = params.items;
//#if LIMITED
  used = min(used, limit[0]);
//#end
  let low = vec2f(f32(tile % params.tiles_x), f32(tile / params.tiles_x)) * ${TILE}.0 - 1.0;
  let high = low + ${TILE}.0 + 1.0;
  let first = tile * (params.items + 1u);
  var found = 0u;
  for (var i = 0u; i < used; i++) {
    let box = boxes[i];
    if (level_of(box) != i32(params.level)) {
      continue;
    }
    let horizontal = axis(box.x, box.z, params.scale, f32(params.bin_columns));
    let vertical = axis(box.y, box.w, params.scale, f32(params.bin_rows));
    let start = vec2f(horizontal.start, vertical.start);
    let end = start + vec2f(horizontal.bin, vertical.bin) * vec2f(f32(params.bin_columns), f32(params.bin_rows));
    // boxes may be turned inside out where they are not checked
    if (all(max(start, end) >= low) && all(min(start, end) <= high)) {
      found++;
      lists[first + found] = i;
    }
  }
  lists[first] = found;
}
