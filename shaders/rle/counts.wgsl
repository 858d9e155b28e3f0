// The counts of a run-length code from the positions where its mask changes, and the characters they take: each count
// but the first three as the difference to the one before the last, in groups of 5 bits with a sign.

// The last four positions up to the end of count i, which is now - before1.
struct Window { before3: i32, before2: i32, before1: i32, now: i32 }

fn position(span: vec2u, pixels: i32, i: i32) -> i32 {
  if (i < 0) {
    return 0;
  }
  if (u32(i) >= span.y) {
    return pixels;
  }
  return i32(positions[span.x + u32(i)]);
}

fn window(span: vec2u, pixels: i32, i: i32) -> Window {
  return Window(position(span, pixels, i - 3), position(span, pixels, i - 2), position(span, pixels, i - 1),
                position(span, pixels, i));
}

fn coded(w: Window, i: i32) -> i32 {
  let length = w.now - w.before1;
  return select(length, length - (w.before2 - w.before3), i > 2);
}

fn groups_of(x: i32) -> u32 {
  return (33u - countLeadingZeros(u32(x ^ (x >> 31u))) + 4u) / 5u;
}
