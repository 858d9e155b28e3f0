// The anchors of one shape: a cell anchor moved to every cell of the grid.
fn item(i: u32) {
  let cell = vec4f(params.x1, params.y1, params.x2, params.y2);
  let y = i / params.width;
  let shift = vec2f(f32((i - y * params.width) * params.strideX), f32(y * params.strideY));
  anchors[i * params.shapes + params.shape] = cell + shift.xyxy;
}
