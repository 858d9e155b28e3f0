// Columns of a matrix, vec4s params.first4 and on, as a matrix of its own.
fn item(i: u32) {
  let row = i / params.length4;
  y[i] = x[row * params.c4 + params.first4 + i - row * params.length4];
}
