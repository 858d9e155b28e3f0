// Boxes from the pixels of the resized image to those of the source image.
fn item(i: u32) {
  let ratio = vec2f(f32(image[1]) / f32(image[3]), f32(image[0]) / f32(image[2]));
  y[i] = x[i] * ratio.xyxy;
}
