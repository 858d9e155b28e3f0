// Where a resized axis reads its source, as torch.nn.functional.interpolate with align_corners=False and a given size;
// `scale` is input size / output size.
struct Taps { low: u32, high: u32, weight: f32 }

fn nearest(place: u32, scale: f32, size: u32) -> u32 {
  return min(u32(f32(place) * scale), size - 1u);
}

// The value is mix(value at low, value at high, weight).
fn linear_taps(place: u32, scale: f32, size: u32) -> Taps {
  let source = max((f32(place) + 0.5) * scale - 0.5, 0.0);
  let low = min(u32(source), size - 1u);
  return Taps(low, min(low + 1u, size - 1u), source - f32(low));
}
