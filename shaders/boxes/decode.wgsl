// Boxes of one segment from regression deltas and reference boxes, clipped to the image.
const MAX_LOG_RATIO = 4.135166556742356; // ln(1000 / 16)

fn decode(delta: vec4f, reference: vec4f) -> vec4f {
  let size = reference.zw - reference.xy;
  let centre = reference.xy + 0.5 * size;
  let d = delta / vec4f(params.weightX, params.weightY, params.weightWidth, params.weightHeight);
  let new_centre = d.xy * size + centre;
  let half_size = 0.5 * (exp(min(d.zw, vec2f(MAX_LOG_RATIO))) * size);
  let image_size = vec2f(f32(image[3]), f32(image[2]));
  return clamp(vec4f(new_centre - half_size, new_centre + half_size), vec4f(), image_size.xyxy);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.y;
  let used = counts[segment];
  for (var step = 0u; step < ${STEPS}u; step++) {
    let place = (workgroup.x * ${STEPS}u + step) * ${LANES}u + lane;
    if (place < params.k) {
      let at = segment * params.k + place;
      var box = vec4f();
      if (place < used) {
        let i = indices[at];
        let row = i / params.groupsPerRow;
        let group = i - row * params.groupsPerRow + params.firstGroup * (segment + 1u);
        box = decode(deltas[row * params.groups + group], references[i]);
      }
      boxes[at] = box;
    }
  }
}
