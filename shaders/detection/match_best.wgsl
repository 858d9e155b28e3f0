// The object of the highest IoU for each candidate (the first of equals), and the highest IoU for each object. The IoU is
// not negative, so its bits are in its order; a maximum does not depend on the order of the candidates.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (workgroup.y * groups.x + workgroup.x) * ${RUN}u;
  find_near(first, lane);
  let words = (objects_in_use() + 31u) / 32u;
  let used = candidates_in_use();
  for (var i = first + lane; i < min(first + ${RUN}u, params.length); i += ${LANES}u) {
    var found = ${IGNORED};
    var best = 0u;
    if (i < used) {
      let candidate = candidates[i];
      let own = area(candidate);
      var highest_iou = 0.0;
      for (var word = 0u; word < words; word++) {
        for (var bits = near_objects[word]; bits != 0u; bits &= bits - 1u) {
          let g = word * 32u + firstTrailingBit(bits);
          let quality = iou(boxes[g], candidate, own);
          if (quality > highest_iou) {
            highest_iou = quality;
            best = g;
          }
//#if LOW_QUALITY
          let key = bitcast<u32>(quality);
          if (key > atomicLoad(&highest[g])) {
            atomicMax(&highest[g], key);
          }
//#end
        }
      }
      if (highest_iou >= params.high) {
        found = i32(best);
      } else if (highest_iou < params.low && !in_crowd(candidate, own, words)) {
        found = ${BACKGROUND};
      }
    }
    matches[i] = found;
//#if LOW_QUALITY
    best_objects[i] = best;
//#end
  }
}

fn in_crowd(candidate: vec4f, own: f32, words: u32) -> bool {
  for (var word = 0u; word < words; word++) {
    for (var bits = near_crowds[word]; bits != 0u; bits &= bits - 1u) {
      let g = word * 32u + firstTrailingBit(bits);
      if (intersection_of(boxes[g], candidate) >= params.crowd_share * own) {
        return true;
      }
    }
  }
  return false;
}
