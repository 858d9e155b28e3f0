// IoU of every mask of A with every mask of B, walking along the runs of both; over the area of A where B is a crowd.
fn quotient(a: u32, b: u32) -> f32 {
  // a / b for 0 < a < b < 2^30, correctly rounded on every adapter: division in f32 is not
  let shift = countLeadingZeros(a) - countLeadingZeros(b);
  var rest = a << shift;
  var exponent = -i32(shift);
  if (rest < b) {
    rest <<= 1u;
    exponent--;
  }
  var digits = 0u; // 25 of them, the first one is 1
  for (var i = 0; i < 25; i++) {
    let bit = rest >= b;
    digits = digits * 2u + u32(bit);
    rest = select(rest, rest - b, bit) << 1u;
  }
  let half = (digits & 1u) == 1u;
  digits >>= 1u;
  if (half && (rest != 0u || (digits & 1u) == 1u)) {
    digits++;
  }
  return f32(digits) * bitcast<f32>(u32(exponent - 23 + 127) << 23u);
}

fn boxes_meet(a: vec4f, b: vec4f) -> bool {
  return all(a.xy < b.xy + b.zw) && all(b.xy < a.xy + a.zw);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let index = (workgroup.y * groups.x + workgroup.x) * ${LANES}u + lane;
  if (index >= params.pairs) {
    return;
  }
  let item_a = index / params.items_b;
  let item_b = index - item_a * params.items_b;
  let a = lists_a[item_a];
  let b = lists_b[item_b];
  // runs of ones are the odd ones; a list's last one may be of zeros
  let last_a = a.x + (a.y & ~1u);
  let last_b = b.x + (b.y & ~1u);
  var at_a = a.x;
  var at_b = b.x;
  if (!boxes_meet(boxes_a[item_a], boxes_b[item_b])) {
    at_a = last_a;
  }
  var both = 0u;
  while (at_a < last_a && at_b < last_b) {
    let end_a = positions_a[at_a + 1u];
    let end_b = positions_b[at_b + 1u];
    let start = max(positions_a[at_a], positions_b[at_b]);
    let end = min(end_a, end_b);
    both += select(0u, end - start, end > start);
    if (end_a <= end_b) { at_a += 2u; } else { at_b += 2u; }
  }
  let whole = select(a.z + b.z - both, a.z, crowd[item_b] != 0u);
  var value = 0.0;
  if (both > 0u) {
    value = 1.0;
    if (both < whole) { value = quotient(both, whole); }
  }
  iou[index] = value;
}
