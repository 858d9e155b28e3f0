// y = x with the last two axes exchanged, both padded to fours in memory.
fn item(i: u32) {
  let line = i / params.pitch4;
  let column = (i - line * params.pitch4) * 4u;
  let batch = line / params.rows;
  let row = line - batch * params.rows;
  let at = (batch * params.columns + column) * params.sourcePitch + row;
  var value = vec4f();
//#for I 0 4
  if (column + ${I}u < params.columns) {
    value.${xyzw(I)} = x[at + ${I}u * params.sourcePitch];
  }
//#end
  y[i] = value;
}
