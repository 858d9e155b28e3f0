// Turns each mask's numbers of changes per column into running sums, and gives the mask's total in spans[d].y.
// One workgroup per mask, a contiguous share of the columns per lane.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let columns = frames[3u + 3u * item];
  let share = (u32(columns.y) + ${LANES - 1}u) / ${LANES}u;
  let first = u32(columns.x) + min(lane * share, u32(columns.y));
  let last = u32(columns.x) + min((lane + 1u) * share, u32(columns.y));
  var sum = 0u;
  for (var i = first; i < last; i++) {
    sum += column_ends[i];
  }
  var at = sum_before(lane, sum);
  for (var i = first; i < last; i++) {
    at += column_ends[i];
    column_ends[i] = at;
  }
  if (lane == ${LANES - 1}u) {
    spans[item] = vec2u(0u, at);
  }
}
