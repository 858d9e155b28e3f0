// Writes the strings of the counts, four characters to a word. One workgroup per mask, a contiguous share per lane.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.y;
  let span = spans[item];
  let image = frames[0].xy;
  let pixels = image.x * image.y;
  let start = select(0u, ends[max(item, 1u) - 1u], item > 0u);
  let codes = select(0, i32(span.y) + 1, ends[item] > start);
  let share = (codes + ${LANES - 1}) / ${LANES};
  let first = min(i32(lane) * share, codes);
  let last = min(first + share, codes);
  var characters = 0u;
  var w = window(span, pixels, first);
  for (var i = first; i < last; i++) {
    characters += groups_of(coded(w, i));
    w = Window(w.before2, w.before1, w.now, position(span, pixels, i + 1));
  }
  var at = start + sum_before(lane, characters);
  // words at the ends of a share are shared with neighbours
  var word = 0u;
  w = window(span, pixels, first);
  for (var i = first; i < last; i++) {
    var x = coded(w, i);
    for (var left = groups_of(x); left > 0u; left--) {
      let code = 48u + (u32(x) & 31u) + select(0u, 32u, left > 1u);
      x >>= 5u;
      word |= code << ((at & 3u) * 8u);
      if ((at & 3u) == 3u) {
        if (at < params.capacity) {
          atomicOr(&chars[at >> 2u], word);
        }
        word = 0u;
      }
      at++;
    }
    w = Window(w.before2, w.before1, w.now, position(span, pixels, i + 1));
  }
  if ((at & 3u) != 0u && word != 0u && (at >> 2u) < params.capacity / 4u) {
    atomicOr(&chars[at >> 2u], word);
  }
}
