// The objects that are still there, in their order. One workgroup: a lane counts those of its run of objects, then writes
// them behind those of the lanes before it.
var<workgroup> found: array<u32, ${LANES}>;

fn has_mask(object: u32) -> bool {
  return sources[object * 5u + 3u] > 0u;
}

fn box_of(object: u32) -> vec4f {
  if (has_flag(8u) || !has_mask(object)) {
    return boxes[object];
  }
  let at = object * 5u;
  return vec4f(vec4u(extents[at], extents[at + 1u], extents[at + 2u], extents[at + 3u]));
}

fn is_kept(object: u32) -> bool {
  if (has_mask(object)) {
    return extents[object * 5u + 4u] >= max(geometry[12], 1u);
  }
  let box = boxes[object];
  return all(box.zw > box.xy);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let used = min(object_count[0], params.objects);
  let run = (used + ${LANES - 1}u) / ${LANES}u;
  let begin = min(lane * run, used);
  let end = min(begin + run, used);
  var count = 0u;
  for (var object = begin; object < end; object++) {
    count += u32(is_kept(object));
  }
  found[lane] = count;
  workgroupBarrier();
  var place = 0u;
  var total = 0u;
  for (var other = 0u; other < ${LANES}u; other++) {
    place += select(0u, found[other], other < lane);
    total += found[other];
  }
  for (var object = begin; object < end; object++) {
    if (is_kept(object)) {
      kept_boxes[place] = box_of(object);
      kept[place] = object;
      place++;
    }
  }
  for (var rest = total + lane; rest < params.objects; rest += ${LANES}u) {
    kept_boxes[rest] = vec4f();
    kept[rest] = 0u;
  }
  if (lane == 0u) {
    kept_count[0] = total;
  }
}
