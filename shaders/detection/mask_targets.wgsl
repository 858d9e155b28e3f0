// One bin of RoIAlign of a mask of bits. A window of 32 bits of a row serves the samples that fall into it.
struct Frame { left: i32, top: i32, words: i32, rows: i32, first: i32 }

fn word(frame: Frame, row: i32, index: i32) -> u32 {
  let inside = index >= 0 && index < frame.words && row >= 0 && row < frame.rows;
  if (!inside) {
    return 0u;
  }
  return bits[frame.first + row * frame.words + index];
}

// Bit k is pixel x + k of the image's row y.
fn window(frame: Frame, x: i32, y: i32) -> u32 {
  let offset = x - frame.left;
  let shift = u32(offset & 31);
  let low = word(frame, y - frame.top, offset >> 5u);
  if (shift == 0u) {
    return low;
  }
  return (low >> shift) | (word(frame, y - frame.top, (offset >> 5u) + 1) << (32u - shift));
}

fn bit(row: u32, k: u32) -> f32 {
  return f32((row >> k) & 1u);
}

fn item(i: u32) {
  let row = i / params.side;
  let bin_x = i - row * params.side;
  let box_index = row / params.side;
  let bin_y = row - box_index * params.side;
  if (box_index >= positives[0]) {
    wanted[i] = 0.0;
    return;
  }
  let box = boxes[box_index];
  let at = objects[box_index] * 5u;
  let frame = Frame(
    i32(placements[at]), i32(placements[at + 1u]), i32(placements[at + 2u]), i32(placements[at + 3u]),
    i32(placements[at + 4u])
  );
  let height = i32(image[2]);
  let width = i32(image[3]);
  let vertical = axis(box.y, box.w, 1.0, f32(params.side));
  let horizontal = axis(box.x, box.z, 1.0, f32(params.side));
  var sum = 0.0;
  for (var j = 0u; j < vertical.samples; j++) {
    let v = tap(sample_at(vertical, bin_y, j), height);
    var start = -100;
    var upper = 0u;
    var lower = 0u;
    for (var k = 0u; k < horizontal.samples; k++) {
      let h = tap(sample_at(horizontal, bin_x, k), width);
      if (h.low < start || h.low > start + 30) {
        start = h.low;
        upper = window(frame, start, v.low);
        lower = window(frame, start, v.low + 1);
      }
      let s = u32(h.low - start);
      sum += v.low_weight * (h.low_weight * bit(upper, s) + h.high_weight * bit(upper, s + 1u));
      sum += v.high_weight * (h.low_weight * bit(lower, s) + h.high_weight * bit(lower, s + 1u));
    }
  }
  wanted[i] = sum / max(f32(vertical.samples * horizontal.samples), 1.0);
}
