// Areas in the f32 operations of torchvision on the processor.

// Keeps a driver from fusing a product into the sum it goes into: `params.zero` is 0.
fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

fn area(box: vec4f) -> f32 {
  return rounded((box.z - box.x) * (box.w - box.y));
}
