// Length in characters, area and bounding box of each mask from the positions of its changes. One workgroup per mask.
var<workgroup> areas_of: array<u32, ${LANES}>;
var<workgroup> corners: array<vec4i, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let span = spans[item];
  let image = frames[0].xy;
  let pixels = image.x * image.y;
  var codes = i32(span.y) + 1;
//#if COUNTED
  codes = select(0, codes, item < count[0]);
//#end
  let share = (codes + ${LANES - 1}) / ${LANES};
  let first = min(i32(lane) * share, codes);
  let last = min(first + share, codes);
  var characters = 0u;
  var area = 0;
  var low = vec2i(image.yx);
  var high = vec2i(-1);
  var w = window(span, pixels, first);
  for (var i = first; i < last; i++) {
    characters += groups_of(coded(w, i));
    if ((i & 1) == 1) {
      area += w.now - w.before1;
      let x = vec2i(w.before1 / image.x, (w.now - 1) / image.x);
      // a run over several columns takes whole ones
      let y = select(vec2i(w.before1 - x.x * image.x, w.now - 1 - x.y * image.x), vec2i(0, image.x - 1), x.x != x.y);
      low = min(low, vec2i(x.x, y.x));
      high = max(high, vec2i(x.y, y.y));
    }
    w = Window(w.before2, w.before1, w.now, position(span, pixels, i + 1));
  }
  let before = sum_before(lane, characters);
  areas_of[lane] = u32(area);
  corners[lane] = vec4i(low, high);
  workgroupBarrier();
  if (lane != ${LANES - 1}u) {
    return;
  }
  var total = 0u;
  for (var i = 0; i < ${LANES}; i++) {
    total += areas_of[i];
    low = min(low, corners[i].xy);
    high = max(high, corners[i].zw);
  }
  lengths[item] = before + characters;
  areas[item] = total;
  let size = vec2f(high - low + 1);
  bounding_boxes[item] = select(vec4f(), vec4f(vec2f(low), size), total > 0u);
}
