// masks[d] = sigmoid(logits[d, :, :, labels[d]]), one workgroup per detection.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y * groups.x + workgroup.x;
  var limit = params.items;
//#if COUNTED
  limit = min(limit, count[0]);
//#end
  if (item >= limit) {
    return;
  }
  let base = item * params.pixels;
  let label = min(labels[item], params.channels - 1u);
  for (var i = lane; i < params.pixels; i += ${LANES}u) {
    masks[base + i] = 1.0 / (1.0 + exp(-logits[(base + i) * params.pitch + label]));
  }
}
