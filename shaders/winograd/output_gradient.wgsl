// A dy A^T of F(4x4, 3x3), the adjoint of output.wgsl, for four channels of a tile: 4 x 4 pixels of dy to
// m[36][tile][channel].
fn transform(i: u32) {
  let columns4 = params.columns4;
  let tile = i / columns4;
  let channel4 = i - tile * columns4;
  let line = (params.firstRow + tile) / params.tilesX;
  let image = line / params.tilesY;
  let top = (line - image * params.tilesY) * 4u;
  let left = (params.firstRow + tile - line * params.tilesX) * 4u;
  let lineStep = params.outputWidth * columns4;
  let base = (image * params.outputHeight + top) * lineStep + channel4;
  let plane = params.rows * columns4;
  var columns: array<vec4f, 24>;
  // bounds that the compiler does not know, as in input.wgsl
  for (var j = 0u; j < params.side; j++) {
    let inX = left + j < params.outputWidth;
    let at = base + (left + j) * columns4;
//#for I 0 4
    let in${I} = inX && top + ${I}u < params.outputHeight;
    let d${I} = select(vec4f(), dy[select(0u, at + ${I}u * lineStep, in${I})], in${I});
//#end
    let p = d0 + d2;
    let q = d1 + d3;
    let r = d0 + 4.0 * d2;
    let s = 2.0 * d1 + 8.0 * d3;
    columns[j] = d0;
    columns[4u + j] = p + q;
    columns[8u + j] = p - q;
    columns[12u + j] = r + s;
    columns[16u + j] = r - s;
    columns[20u + j] = d3;
  }
  for (var k = 0u; k < params.points; k++) {
//#for J 0 4
    let e${J} = columns[4u * k + ${J}u];
//#end
    let p = e0 + e2;
    let q = e1 + e3;
    let r = e0 + 4.0 * e2;
    let s = 2.0 * e1 + 8.0 * e3;
    let goal = 6u * k * plane + i;
    m[goal] = e0;
    m[goal + plane] = p + q;
    m[goal + 2u * plane] = p - q;
    m[goal + 3u * plane] = r + s;
    m[goal + 4u * plane] = r - s;
    m[goal + 5u * plane] = e3;
  }
}

fn row_units() -> u32 {
  return params.columns4;
}
