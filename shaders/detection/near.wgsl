// Workgroups own runs of RUN consecutive candidates. Anchors are in the order of their places, so that few of an image's
// objects reach the box around a run: near_objects has a bit for each that does, near_crowds for each crowd region.
var<workgroup> corners: array<vec4f, ${LANES}>;
var<workgroup> near_objects: array<u32, ${WORDS}>;
var<workgroup> near_crowds: array<u32, ${WORDS}>;

fn candidates_in_use() -> u32 {
//#if COUNTED
  return min(params.length, count[0]);
//#else
  return params.length;
//#end
}

fn objects_in_use() -> u32 {
  return min(object_count[0], params.objects);
}

fn find_near(first: u32, lane: u32) {
  var around = vec4f(vec2f(3.4028234e38), vec2f(-3.4028234e38));
  let end = min(first + ${RUN}u, candidates_in_use());
  for (var i = first + lane; i < end; i += ${LANES}u) {
    let box = candidates[i];
    around = vec4f(min(around.xy, box.xy), max(around.zw, box.zw));
  }
  corners[lane] = around;
  workgroupBarrier();
  for (var other = 0u; other < ${LANES}u; other++) {
    let box = corners[other];
    around = vec4f(min(around.xy, box.xy), max(around.zw, box.zw));
  }
  let n = objects_in_use();
  for (var word = lane; word * 32u < n; word += ${LANES}u) {
    var objects = 0u;
    var crowds = 0u;
    for (var bit = 0u; bit < min(32u, n - word * 32u); bit++) {
      let g = word * 32u + bit;
      let box = boxes[g];
      if (all(box.xy < around.zw) && all(box.zw > around.xy)) {
        let is_crowd = min(crowd[g], 1u);
        objects |= (1u - is_crowd) << bit;
        crowds |= is_crowd << bit;
      }
    }
    near_objects[word] = objects;
    near_crowds[word] = crowds;
  }
  workgroupBarrier();
}

fn intersection_of(a: vec4f, b: vec4f) -> f32 {
  let size = max(min(a.zw, b.zw) - max(a.xy, b.xy), vec2f());
  return rounded(size.x * size.y);
}

// Intersection over union as torchvision.ops.box_iou computes it; 0 without an intersection.
fn iou(object: vec4f, candidate: vec4f, candidate_area: f32) -> f32 {
  let shared_area = intersection_of(object, candidate);
  if (!(shared_area > 0.0)) {
    return 0.0;
  }
  return shared_area / (area(object) + candidate_area - shared_area);
}
