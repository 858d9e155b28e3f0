// Ends of the strings, and the bytes they need in all: more than the capacity where any list was too short.
@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  let share = (params.items + ${LANES - 1}u) / ${LANES}u;
  let first = min(lane * share, params.items);
  let last = min(first + share, params.items);
  var sum = 0u;
  for (var i = first; i < last; i++) {
    sum += lengths[i];
  }
  var at = sum_before(lane, sum);
  for (var i = first; i < last; i++) {
    at += lengths[i];
    ends[i] = at;
  }
  if (lane == ${LANES - 1}u) {
    let columns = u32(frames[0].z);
    let changes = spans[params.items].x;
    if (columns > params.column_capacity || changes > params.position_capacity) {
      // the strings are not known; three characters for each count, or two counts for each column, are usual
      at = max(max(at, params.capacity + 1u), max(3u * (changes + params.items), 6u * columns));
    }
    total[0] = at;
  }
}
