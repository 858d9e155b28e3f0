// Place i of the proposals, followed by the objects that are no crowd regions.
fn item(i: u32) {
  let used = min(proposal_count[0], params.proposals);
  let objects_used = min(object_count[0], params.objects);
  var box = vec4f();
  if (i < used) {
    box = proposals[i];
  } else if (i - used < objects_used) {
    var before = i - used;
    for (var g = 0u; g < objects_used; g++) {
      if (crowd[g] == 0u) {
        if (before == 0u) {
          box = objects[g];
          break;
        }
        before--;
      }
    }
  }
  all_boxes[i] = box;
  if (i == 0u) {
    var total = used;
    for (var g = 0u; g < objects_used; g++) {
      total += u32(crowd[g] == 0u);
    }
    all_count[0] = total;
  }
}
