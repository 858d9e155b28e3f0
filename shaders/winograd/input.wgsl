// B^T d B of F(4x4, 3x3) for four channels of a tile: 6 x 6 pixels of x, tiles 4 apart, to v[36][tile][channel].
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), section 4.3.
fn transform(i: u32) {
  let c4 = params.c4;
  let tile = i / c4;
  let c = i - tile * c4;
  let line = (params.firstRow + tile) / params.tilesX;
  let image = line / params.tilesY;
  let top = i32((line - image * params.tilesY) * 4u) - params.paddingY;
  let left = i32((params.firstRow + tile - line * params.tilesX) * 4u) - params.paddingX;
  let base = i32(image * params.inputHeight * params.inputWidth * c4 + c);
  let height = params.inputHeight;
  let width = params.inputWidth;
  let lineStep = i32(width * c4);
  let plane = params.rows * c4;
  var columns: array<vec4f, 36>;
  // params.points is 6: a bound that the compiler does not know keeps it from unrolling 36 loads and 36 stores
  for (var j = 0u; j < params.points; j++) {
    let column = left + i32(j);
    let inX = u32(column) < width;
    let at = base + top * lineStep + column * i32(c4);
//#for I 0 6
    let in${I} = inX && u32(top + ${I}) < height;
    let d${I} = select(vec4f(), x[select(0, at + ${I} * lineStep, in${I})], in${I});
//#end
    let p = d4 - 4.0 * d2;
    let q = d3 - 4.0 * d1;
    let r = d4 - d2;
    let s = 2.0 * (d3 - d1);
    columns[j] = 4.0 * d0 - 5.0 * d2 + d4;
    columns[6u + j] = p + q;
    columns[12u + j] = p - q;
    columns[18u + j] = r + s;
    columns[24u + j] = r - s;
    columns[30u + j] = 4.0 * d1 - 5.0 * d3 + d5;
  }
  for (var k = 0u; k < params.points; k++) {
//#for J 0 6
    let e${J} = columns[6u * k + ${J}u];
//#end
    let p = e4 - 4.0 * e2;
    let q = e3 - 4.0 * e1;
    let r = e4 - e2;
    let s = 2.0 * (e3 - e1);
    let goal = 6u * k * plane + i;
    v[goal] = 4.0 * e0 - 5.0 * e2 + e4;
    v[goal + plane] = p + q;
    v[goal + 2u * plane] = p - q;
    v[goal + 3u * plane] = r + s;
    v[goal + 4u * plane] = r - s;
    v[goal + 5u * plane] = 4.0 * e1 - 5.0 * e3 + e5;
  }
}

fn row_units() -> u32 {
  return params.c4;
}
