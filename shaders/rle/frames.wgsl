// What is known of each mask before its runs are: its frame in the image, and where its columns start in the lists of
// columns. frames[0] is the image's (height, width, columns of all masks, 1 if they do not fit); mask d has
// frames[1 + 3 * d] = (x, y, width, height) of the resized mask, + 1 = (left, top, right, bottom) of the part in the image,
// + 2 = (first column, columns).

fn place_item(item: u32) -> Placement {
//#if SOURCE == 'paste'
  let image = vec2i(i32(image_info[1]), i32(image_info[0]));
  let empty = Placement(vec2i(), vec2i(1), vec2i(), vec2i());
//#if COUNTED
  if (item >= count[0]) {
    return empty;
  }
//#end
  let placed = place(boxes[item], params.expansion, image);
  if (any(placed.high <= placed.low)) {
    return empty;
  }
  return placed;
//#else
  let image = vec2i(i32(params.width), i32(params.height));
  return Placement(vec2i(), image, vec2i(), image);
//#end
}

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let share = (params.items + ${LANES - 1}u) / ${LANES}u;
  let first = min(lane * share, params.items);
  let last = min(first + share, params.items);
  var columns = 0u;
  for (var item = first; item < last; item++) {
    let p = place_item(item);
    columns += u32(p.high.x - p.low.x);
  }
  var at = sum_before(lane, columns);
  for (var item = first; item < last; item++) {
    let p = place_item(item);
    columns = u32(p.high.x - p.low.x);
    let fits = at + columns <= params.column_capacity;
    frames[1u + 3u * item] = vec4i(p.origin, p.size);
    frames[2u + 3u * item] = vec4i(p.low, p.high);
    frames[3u + 3u * item] = vec4i(i32(at), select(0, i32(columns), fits), 0, 0);
    at += columns;
  }
  if (lane == ${LANES - 1}u) {
//#if SOURCE == 'paste'
    let size = vec2i(i32(image_info[0]), i32(image_info[1]));
//#else
    let size = vec2i(i32(params.height), i32(params.width));
//#end
    frames[0] = vec4i(size, i32(at), select(0, 1, at > params.column_capacity));
  }
}
