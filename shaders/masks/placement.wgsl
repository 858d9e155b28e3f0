// Where torchvision's paste_masks_in_image puts a mask: the box grows with the mask's border of one zero on each side,
// and is truncated to whole pixels.

struct Placement {
  origin: vec2i, // x, y of the resized mask, which may lie outside of the image
  size: vec2i, // its width and height
  low: vec2i, // its part within the image: from `low`, up to but without `high`
  high: vec2i,
}

fn place(box: vec4f, expansion: f32, image: vec2i) -> Placement {
  let half = (box.zw - box.xy) * 0.5 * expansion;
  let centre = (box.zw + box.xy) * 0.5;
  let limit = vec2f(1e8);
  let first = vec2i(clamp(centre - half, -limit, limit));
  let last = vec2i(clamp(centre + half, -limit, limit));
  let low = max(first, vec2i());
  let high = max(min(last + 1, image), low);
  return Placement(first, max(last - first + 1, vec2i(1)), low, high);
}
