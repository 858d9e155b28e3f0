// The gradient of a convolution by its weight, straight from the definition: one element of dense [O, C / groups, kh, kw].
fn item(i: u32) {
  let line = i / params.taps;
  let tap = i - line * params.taps;
  let o = line / params.groupInputs;
  let c = line - o * params.groupInputs + o / params.groupOutputs * params.groupInputs;
  let dy = i32(tap / params.kernelWidth * params.dilationY) - params.paddingY;
  let dx = i32(tap % params.kernelWidth * params.dilationX) - params.paddingX;
  var sum = 0.0;
  for (var image = 0u; image < images_in_use(); image++) {
    for (var row = 0u; row < params.outputHeight; row++) {
      let y = u32(i32(row * params.strideY) + dy);
      if (y >= params.inputHeight) {
        continue;
      }
      for (var column = 0u; column < params.outputWidth; column++) {
        let x = u32(i32(column * params.strideX) + dx);
        if (x < params.inputWidth) {
          sum += a[((image * params.inputHeight + y) * params.inputWidth + x) * params.inputPitch + c] *
            g[((image * params.outputHeight + row) * params.outputWidth + column) * params.outputPitch + o];
        }
      }
    }
  }
  w[i] = sum;
}

fn images_in_use() -> u32 {
//#if LIMITED
  return min(params.images, limit[0]);
//#else
  return params.images;
//#end
}
