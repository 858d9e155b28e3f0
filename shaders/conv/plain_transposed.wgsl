// Transposed convolution as a gather: an output element takes from every input pixel whose window covers it.
fn element(i: u32) -> f32 {
  let pixel = i / params.pitch;
  let o = i - pixel * params.pitch;
  if (o >= params.channels) {
    return 0.0;
  }
  let line = pixel / params.outputWidth;
  let image = line / params.outputHeight;
  let down = i32(line - image * params.outputHeight) + params.paddingY;
  let right = i32(pixel - line * params.outputWidth) + params.paddingX;
  let group = o / params.groupOutputs;
  let firstInput = group * params.groupInputs;
  let groupOutput = o - group * params.groupOutputs;
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let scaledY = down - i32(ky * params.dilationY);
    let y = scaledY / i32(params.strideY);
    if (scaledY < 0 || y * i32(params.strideY) != scaledY || y >= i32(params.inputHeight)) {
      continue;
    }
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let scaledX = right - i32(kx * params.dilationX);
      let x = scaledX / i32(params.strideX);
      if (scaledX < 0 || x * i32(params.strideX) != scaledX || x >= i32(params.inputWidth)) {
        continue;
      }
      let source = ((image * params.inputHeight + u32(y)) * params.inputWidth + u32(x)) * params.inputPitch + firstInput;
      let tap = ky * params.kernelWidth + kx;
      for (var c = 0u; c < params.groupInputs; c++) {
        sum += a[source + c] * w[((firstInput + c) * params.groupOutputs + groupOutput) * params.taps + tap];
      }
    }
  }
  return finish(sum, o, i);
}
