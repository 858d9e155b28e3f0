// A^T m A of F(4x4, 3x3) for four channels of a tile: m[36][tile][channel] to 4 x 4 pixels of y, with bias, residual and
// activation.
fn transform(i: u32) {
  let columns4 = params.columns4;
  let tile = i / columns4;
  let channel4 = i - tile * columns4;
  let line = (params.firstRow + tile) / params.tilesX;
  let image = line / params.tilesY;
  let top = (line - image * params.tilesY) * 4u;
  let left = (params.firstRow + tile - line * params.tilesX) * 4u;
  let plane = params.rows * columns4;
  let bias4 = bias_of(channel4 * 4u);
  var columns: array<vec4f, 24>;
  // bounds that the compiler does not know, as in input.wgsl
  for (var j = 0u; j < params.points; j++) {
//#for I 0 6
    let d${I} = m[(${6 * I}u + j) * plane + i];
//#end
    let p = d1 + d2;
    let q = d1 - d2;
    let r = d3 + d4;
    let s = d3 - d4;
    columns[j] = d0 + p + r;
    columns[6u + j] = q + 2.0 * s;
    columns[12u + j] = p + 4.0 * r;
    columns[18u + j] = q + 8.0 * s + d5;
  }
  let lines = min(4u, params.outputHeight - top);
  for (var k = 0u; k < lines; k++) {
//#for J 0 6
    let e${J} = columns[6u * k + ${J}u];
//#end
    let goal = ((image * params.outputHeight + top + k) * params.outputWidth + left) * columns4 + channel4;
    let p = e1 + e2;
    let q = e1 - e2;
    let r = e3 + e4;
    let s = e3 - e4;
    let f0 = e0 + p + r;
    let f1 = q + 2.0 * s;
    let f2 = p + 4.0 * r;
    let f3 = q + 8.0 * s + e5;
//#for J 0 4
    if (left + ${J}u < params.outputWidth) {
      var sum = f${J} + bias4;
      if (params.hasResidual != 0u) {
        sum += residual[goal + ${J}u * columns4];
      }
      y[goal + ${J}u * columns4] = activate(sum, channel4 * 4u);
    }
//#end
  }
}

fn row_units() -> u32 {
  return params.columns4;
}
