// Regression targets of a sample: torchvision's encode_boxes.
fn encode(object: vec4f, candidate: vec4f) -> vec4f {
  let size = candidate.zw - candidate.xy;
  let object_size = object.zw - object.xy;
  let shift = (object.xy + 0.5 * object_size) - (candidate.xy + 0.5 * size);
  let weights = vec4f(params.weightX, params.weightY, params.weightWidth, params.weightHeight);
  return vec4f(weights.xy * shift / size, weights.zw * log(object_size / size));
}

fn item(i: u32) {
  var target_deltas = vec4f();
  if (i < min(count[0], params.length)) {
    let candidate = samples[i];
    let object = matches[candidate];
    if (object >= 0) {
      target_deltas = encode(boxes[object], candidates[candidate]);
    }
  }
  deltas[i] = target_deltas;
}
