// y = by_x x + by_y y; what y held does not matter where by_y is 0.
fn item(i: u32) {
  let by_x = factors[0];
  let by_y = factors[1];
  let sum = by_x * x[i];
  if (by_y == 0.0) {
    y[i] = sum;
  } else {
    y[i] = sum + by_y * y[i];
  }
}
