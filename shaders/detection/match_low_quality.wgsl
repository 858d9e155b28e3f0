// A candidate that no other surpasses in IoU with some object is matched, whatever that IoU is, to its own best object.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (workgroup.y * groups.x + workgroup.x) * ${RUN}u;
  find_near(first, lane);
  let words = (objects_in_use() + 31u) / 32u;
  for (var i = first + lane; i < min(first + ${RUN}u, candidates_in_use()); i += ${LANES}u) {
    if (matches[i] < 0) {
      let candidate = candidates[i];
      let own = area(candidate);
      var is_best = false;
      for (var word = 0u; word < words; word++) {
        for (var bits = near_objects[word]; bits != 0u; bits &= bits - 1u) {
          let g = word * 32u + firstTrailingBit(bits);
          let quality = iou(boxes[g], candidate, own);
          is_best |= quality > 0.0 && bitcast<u32>(quality) == highest[g];
        }
      }
      if (is_best) {
        matches[i] = i32(best_objects[i]);
      }
    }
  }
}
