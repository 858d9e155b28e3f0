// The sum of dy over the places that a row was gathered to, in their order. `sorted` has the gathered rows in descending
// order, `places` where each went.
fn item(row: u32) {
  let used = indices_in_use();
  var first = 0u;
  var end = used;
  while (first < end) {
    let middle = (first + end) / 2u;
    if (sorted[middle] > row) {
      first = middle + 1u;
    } else {
      end = middle;
    }
  }
  for (var j = 0u; j < params.inner; j++) {
    var sum = 0.0;
    for (var i = first; i < used && sorted[i] == row; i++) {
      sum += dy[places[i] * params.inner + j];
    }
    dx[row * params.inner + j] = sum;
  }
}
