// The bilinear values that torchvision's paste_masks_in_image takes: a mask of `mask_height` x `mask_width` with a border
// of one zero on each side is resized to the box (align_corners=False). The order of the f32 operations is that of
// PyTorch's upsample_bilinear2d; fma() is written out so that every kernel rounds alike.

fn blend(weight: f32, low: f32, high: f32) -> f32 {
  return fma(weight, high, (1.0 - weight) * low);
}

// Two neighbouring columns of the padded mask as columns of the mask itself; those of its border have weight 0.
struct Columns { left: i32, right: i32, left_weight: f32, right_weight: f32 }

fn columns_of(x: Source) -> Columns {
  let width = i32(params.mask_width);
  let left = clamp(x.low - 1, 0, width - 1);
  let right = clamp(x.low, 0, width - 1);
  return Columns(left, right, select(0.0, 1.0 - x.weight, left == x.low - 1), select(0.0, x.weight, right == x.low));
}

// The padded mask at a row, between two columns.
fn mask_row(item: u32, row: i32, x: Columns) -> f32 {
  let height = i32(params.mask_height);
  if (row < 1 || row > height) {
    return 0.0;
  }
  let base = (i32(item) * height + row - 1) * i32(params.mask_width);
  return fma(x.right_weight, masks[base + x.right], x.left_weight * masks[base + x.left]);
}
