// Convolution straight from its definition, one output element at a time: the reference that the fast variants are held
// against, and the variant for groups.
fn element(i: u32) -> f32 {
  let pixel = i / params.pitch;
  let o = i - pixel * params.pitch;
  if (o >= params.channels) {
    return 0.0;
  }
  let line = pixel / params.outputWidth;
  let image = line / params.outputHeight;
  let top = i32((line - image * params.outputHeight) * params.strideY) - params.paddingY;
  let left = i32((pixel - line * params.outputWidth) * params.strideX) - params.paddingX;
  let firstInput = o / params.groupOutputs * params.groupInputs;
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let y = top + i32(ky * params.dilationY);
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let x = left + i32(kx * params.dilationX);
      if (u32(y) < params.inputHeight && u32(x) < params.inputWidth) {
        let source = ((image * params.inputHeight + u32(y)) * params.inputWidth + u32(x)) * params.inputPitch + firstInput;
        let tap = ky * params.kernelWidth + kx;
        for (var c = 0u; c < params.groupInputs; c++) {
          sum += a[source + c] * w[(o * params.groupInputs + c) * params.taps + tap];
        }
      }
    }
  }
  return finish(sum, o, i);
}
