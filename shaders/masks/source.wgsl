// Where a row or column of a resized mask lies in the mask, with the rounding of PyTorch's upsample_bilinear2d
// (align_corners=False). fma() is written out so that every kernel rounds alike.

// Rows (or columns) `low` and `low` + 1 of the padded mask, weighted 1 - weight and weight.
struct Source { low: i32, weight: f32 }

fn source(target_index: i32, scale: f32, padded: i32) -> Source {
  let position = max(fma(scale, f32(target_index) + 0.5, -0.5), 0.0);
  let low = min(i32(position), padded - 1);
  return Source(low, clamp(position - f32(low), 0.0, 1.0));
}
