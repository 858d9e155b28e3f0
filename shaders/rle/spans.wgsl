// Gives each mask its place in the list of positions: spans[d] = (first, length). What does not fit becomes empty;
// spans[D] = (changes of all masks, 0) tells.
@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let share = (params.items + ${LANES - 1}u) / ${LANES}u;
  let first = min(lane * share, params.items);
  let last = min(first + share, params.items);
  var sum = 0u;
  for (var i = first; i < last; i++) {
    sum += spans[i].y;
  }
  var at = sum_before(lane, sum);
  for (var i = first; i < last; i++) {
    let length = spans[i].y;
    spans[i] = vec2u(at, select(0u, length, at + length <= params.position_capacity));
    at += length;
  }
  if (lane == ${LANES - 1}u) {
    spans[params.items] = vec2u(at, 0u);
  }
}
