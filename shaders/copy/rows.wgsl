// Copies `columns` units of each row into a slot of the output's rows, and fills the rest of the slot with zeros.
fn item(i: u32) {
  let row = i / params.slot;
  let column = i % params.slot;
  var value = Element();
  if (column < params.columns) {
    value = x[row * params.x_pitch + params.x_offset + column];
  }
  y[row * params.y_pitch + params.y_offset + column] = value;
}
