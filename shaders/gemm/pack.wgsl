// A dense weight as the B of a GEMM: rows (tap, input channel padded to fours), columns (tap, output channel padded to
// fours), zeros in the padding. Either the rows or the columns have taps, the other axis has one. In memory: groups of
// params.lanes vec4 columns, then rows, then the columns of the group; as f16 or f32.
fn item(i: u32) {
  let line = i / params.lanes;
  let group = line / params.rows;
  let row = line - group * params.rows;
  let column4 = i + (group - line) * params.lanes;
  let rowTap = row / params.rowChannels;
  let c = row - rowTap * params.rowChannels;
  let columnTap = column4 / params.tapColumns;
  let o = (column4 - columnTap * params.tapColumns) * 4u;
  let tap = u32(i32(params.firstTap) + i32(rowTap + columnTap) * params.tapStep);
  let at = o * params.strideO + c * params.strideC + tap;
  var value = vec4f();
  if (c < params.inputs && column4 < params.columns4) {
//#for I 0 4
    if (o + ${I}u < params.outputs) {
      value.${xyzw(I)} = w[at + ${I}u * params.strideO];
    }
//#end
  }
//#if HALF
  y[i] = vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0)));
//#else
  y[i] = value;
//#end
}
