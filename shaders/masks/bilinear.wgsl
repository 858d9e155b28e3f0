// The bilinear values that torchvision's paste_masks_in_image takes: a mask of `mask_height` x `mask_width` with a border
// of one zero on each side is resized to the box (align_corners=False). The order of the f32 operations is that of
// PyTorch's upsample_bilinear2d; fma() is written out so that every kernel rounds alike.

// Rows (or columns) `low` and `low` + 1 of the padded mask, weighted 1 - weight and weight.
struct Source { low: i32, weight: f32 }

fn source(target_index: i32, scale: f32, padded: i32) -> Source {
  let position = max(fma(scale, f32(target_index) + 0.5, -0.5), 0.0);
  let low = min(i32(position), padded - 1);
  return Source(low, clamp(position - f32(low), 0.0, 1.0));
}

fn blend(weight: f32, low: f32, high: f32) -> f32 {
  return fma(weight, high, (1.0 - weight) * low);
}

fn padded_mask(item: u32, row: i32, column: i32) -> f32 {
  let height = i32(params.mask_height);
  let width = i32(params.mask_width);
  if (row < 1 || row > height || column < 1 || column > width) {
    return 0.0;
  }
  return masks[(i32(item) * height + row - 1) * width + column - 1];
}

// The padded mask at a row, between the columns.
fn mask_row(item: u32, row: i32, column: Source) -> f32 {
  return blend(column.weight, padded_mask(item, row, column.low), padded_mask(item, row, column.low + 1));
}
