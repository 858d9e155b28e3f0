// Spreads a map's pixels apart: y has pixel (r, c) of x at (r * strideY, c * strideX) and zeros elsewhere.
fn item(i: u32) {
  let pixel = i / params.c4;
  let line = pixel / params.width;
  let image = line / params.height;
  let row = line - image * params.height;
  let column = pixel - line * params.width;
  let source = vec2u(row / params.strideY, column / params.strideX);
  let isThere = source.x * params.strideY == row && source.y * params.strideX == column &&
    source.x < params.sourceHeight && source.y < params.sourceWidth;
  let at = ((image * params.sourceHeight + source.x) * params.sourceWidth + source.y) * params.c4 + i - pixel * params.c4;
  y[i] = select(vec4f(), x[select(0u, at, isThere)], isThere);
}
