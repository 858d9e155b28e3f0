// The windows of a feature map as columns: y[(tap, channel)][pixel] for a run of output pixels, four channels of four pixels
// to an item. Zeros where a window reaches beyond the image, past the last pixel and past the items in use.
fn item(i: u32) {
  let line = i / params.pixels4;
  let pixel4 = i - line * params.pixels4;
  let tap = line / params.c4;
  let c = line - tap * params.c4;
  let tapY = tap / params.kernelWidth;
  let dy = i32(tapY * params.dilationY) - params.paddingY;
  let dx = i32((tap - tapY * params.kernelWidth) * params.dilationX) - params.paddingX;

  let end = k_in_use();
  let first = params.firstRow + pixel4 * 4u;
  var outputLine = first / params.outputWidth;
  var column = first - outputLine * params.outputWidth;
  var image = outputLine / params.outputHeight;
  var row = outputLine - image * params.outputHeight;
//#for P 0 4
  var value${P} = vec4f();
  {
    let y = u32(i32(row * params.strideY) + dy);
    let x = u32(i32(column * params.strideX) + dx);
    if (pixel4 * 4u + ${P}u < end && y < params.inputHeight && x < params.inputWidth) {
      value${P} = a[((image * params.inputHeight + y) * params.inputWidth + x) * params.c4 + c];
    }
  }
//#if P < 3
  column++;
  if (column == params.outputWidth) {
    column = 0u;
    row++;
    if (row == params.outputHeight) {
      row = 0u;
      image++;
    }
  }
//#end
//#end
  let goal = (line * 4u) * params.pixels4 + pixel4;
//#for C 0 4
  y[goal + ${C}u * params.pixels4] = vec4f(value0.${xyzw(C)}, value1.${xyzw(C)}, value2.${xyzw(C)}, value3.${xyzw(C)});
//#end
}
