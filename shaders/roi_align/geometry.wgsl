// Where the samples of a box's bins lie, with torchvision's semantics, and which level of a pyramid a box goes to.

struct Axis { start: f32, bin: f32, samples: u32 }

fn ceil_of_quotient(a: f32, b: f32) -> f32 {
  // exact where the division is not: the products of small whole numbers are
  var n = ceil(a / b);
  n -= select(0.0, 1.0, (n - 1.0) * b >= a);
  return n + select(0.0, 1.0, n * b < a);
}

fn axis(low: f32, high: f32, scale: f32, bins: f32) -> Axis {
//#if ALIGNED
  let start = low * scale - 0.5;
  let size = (high * scale - 0.5) - start;
//#else
  let start = low * scale;
  let size = max(high * scale - start, 1.0);
//#end
//#if SAMPLES > 0
  return Axis(start, size / bins, ${SAMPLES}u);
//#else
  return Axis(start, size / bins, u32(clamp(ceil_of_quotient(size, bins), 0.0, ${MAX_SAMPLES}.0)));
//#end
}

fn sample_at(a: Axis, bin: u32, i: u32) -> f32 {
  return a.start + f32(bin) * a.bin + (f32(i) + 0.5) * a.bin / f32(a.samples);
}

// Where a sample lies between rows or columns `low` and `low` + 1; outside, both weights are 0.
struct Tap { low: i32, low_weight: f32, high_weight: f32 }

fn tap(position: f32, size: i32) -> Tap {
  if (position < -1.0 || position > f32(size)) {
    return Tap(0, 0.0, 0.0);
  }
  let p = max(position, 0.0);
  let low = i32(p);
  if (low >= size - 1) {
    return Tap(size - 1, 1.0, 0.0);
  }
  let weight = p - f32(low);
  return Tap(low, 1.0 - weight, weight);
}

// The level of a box, -1 for none: torchvision's mapper has none for a box of negative area.
fn level_of(box: vec4f) -> i32 {
//#if LEVELS == 1
  return 0;
//#else
  let area = (box.z - box.x) * (box.w - box.y);
  var level = select(0, -1, area < 0.0);
//#for L 1 LEVELS
  if (area >= params.area${L}) { level = ${L}; }
//#end
  return level;
//#end
}
