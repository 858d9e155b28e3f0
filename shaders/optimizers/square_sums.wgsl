// Sums of squares of a chunk's gradients: one for each item, of every stride-th vec4 from the item's own on.
fn item(i: u32) {
  var sum = vec4f();
  for (var at = i; at < params.units; at += params.stride) {
    let g = gradients[at];
    sum += g * g;
  }
  parts[params.first_part + i] = (sum.x + sum.y) + (sum.z + sum.w);
}
