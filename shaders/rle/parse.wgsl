// Reads the strings of run-length codes, one per lane: their areas and bounding boxes, and (STORE) the position at the
// end of each count. String d's list of ends begins at its first byte, since it has no more counts than bytes.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let item = (workgroup.y * groups.x + workgroup.x) * ${LANES}u + lane;
  if (item >= params.items) {
    return;
  }
  var start = 0u;
  if (item > 0u) {
    start = min(ends[item - 1u], params.bytes);
  }
  var end = min(ends[item], params.bytes);
//#if COUNTED
  if (item >= count[0]) {
    end = start;
  }
//#end
  let height = i32(params.height);
  let pixels = height * i32(params.width);
  var codes = 0;
  var before1 = 0; // the last count, and the one before it
  var before2 = 0;
  var value = 0;
  var shift = 0u;
  var position = 0;
  var area = 0;
  var low = vec2i(i32(params.width), height);
  var high = vec2i();
  for (var i = start; i < end; i++) {
    let code = i32((chars[i >> 2u] >> ((i & 3u) * 8u)) & 255u) - 48;
    // seven groups fill the 32 bits
    value |= select(0, (code & 31) << min(shift, 31u), shift < 32u);
    shift += 5u;
    if ((code & 32) != 0) {
      continue;
    }
    if ((code & 16) != 0 && shift < 32u) {
      value |= -1 << shift;
    }
    let length = value + select(0, before2, codes > 2);
    let next = clamp(position + length, position, pixels);
    if ((codes & 1) == 1 && next > position) {
      area += next - position;
      let x = vec2i(position / height, (next - 1) / height);
      // a run over several columns takes whole ones
      let y = select(vec2i(position, next - 1) - x * height, vec2i(0, height - 1), x.x != x.y);
      low = min(low, vec2i(x.x, y.x));
      high = max(high, vec2i(x.y, y.y) + 1);
    }
    position = next;
//#if STORE
    positions[start + u32(codes)] = u32(position);
//#end
    before2 = before1;
    before1 = length;
    codes++;
    value = 0;
    shift = 0u;
  }
//#if STORE
  // first position of the list, counts, area, and nothing
  lists[item] = vec4u(start, u32(codes), u32(area), 0u);
//#end
//#if BOXES
  bounding_boxes[item] = select(vec4f(), vec4f(vec2f(low), vec2f(high - low)), area > 0);
//#end
//#if AREAS
  areas[item] = u32(area);
//#end
}
