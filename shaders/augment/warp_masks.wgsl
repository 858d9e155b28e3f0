// One word of the warped masks: 32 pixels of a row of an object's rectangle.
struct Rectangle { left: u32, top: u32, words: u32, rows: u32, first: u32 }

fn target_of(object: u32) -> Rectangle {
  let at = object * 5u;
  return Rectangle(targets[at], targets[at + 1u], targets[at + 2u], targets[at + 3u], targets[at + 4u]);
}

fn source_of(object: u32) -> Rectangle {
  let at = object * 5u;
  return Rectangle(sources[at], sources[at + 1u], sources[at + 2u], sources[at + 3u], sources[at + 4u]);
}

// The last object that begins at the word or before it; those of no words begin where the next one does.
fn object_at(word: u32, objects: u32) -> u32 {
  var low = 0u;
  var high = objects;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (targets[middle * 5u + 4u] <= word) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

fn source_bit(rectangle: Rectangle, stored: vec2u) -> u32 {
  // what lies left of the rectangle or above it becomes a large number
  let place = stored - vec2u(rectangle.left, rectangle.top);
  if (place.x >= rectangle.words * 32u || place.y >= rectangle.rows) {
    return 0u;
  }
  let word = bits[rectangle.first + place.y * rectangle.words + place.x / 32u];
  return (word >> (place.x & 31u)) & 1u;
}

fn mask_at(rectangle: Rectangle, place: vec2u) -> u32 {
  if (has_flag(8u)) {
    let scale = vec2f(matrix_entry(0u), matrix_entry(4u));
    return source_bit(rectangle, unflipped(min(vec2u(vec2f(place) * scale), source_size() - 1u)));
  }
  let point = source_point(vec2f(place) + 0.5);
  if (any(point < vec2f()) || any(point >= vec2f(source_size()))) {
    return 0u;
  }
  return source_bit(rectangle, unflipped(vec2u(point)));
}

fn item(i: u32) {
  let objects = min(object_count[0], params.objects);
  var word = 0u;
  if (objects > 0u) {
    let object = object_at(i, objects);
    let rectangle = target_of(object);
    let offset = i - rectangle.first;
    if (offset < rectangle.words * rectangle.rows) {
      let source = source_of(object);
      let row = offset / rectangle.words;
      let left = rectangle.left + (offset - row * rectangle.words) * 32u;
      let right = min(left + 32u, result_size().x);
      for (var x = left; x < right; x++) {
        word |= mask_at(source, vec2u(x, rectangle.top + row)) << (x - left);
      }
    }
  }
  warped[i] = word;
}
