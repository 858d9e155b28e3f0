//#if GRADIENT
// Of each vec4 of a row of deltas: `group` is the one that enters the loss, in a row that does.
struct Place { in_use: bool, row: u32, group: u32 }

fn locate(row: u32) -> Place {
  return Place(row < positives[0], row, group_of(row));
}

fn row_item(place: Place, i: u32, unit: u32) {
  var value = vec4f();
  if (place.in_use && unit == place.group) {
    let difference = deltas[i] - wanted[place.row];
//#for C 0 4
    value.${xyzw(C)} = dy[0] * smooth_l1_derivative(difference.${xyzw(C)});
//#end
  }
  d_deltas[i] = value;
}
//#else
fn item(row: u32) {
  if (row < positives[0]) {
    let difference = deltas[row * params.groups + group_of(row)] - wanted[row];
    var sum = 0.0;
//#for C 0 4
    sum += smooth_l1(difference.${xyzw(C)});
//#end
    terms[row] = sum;
  }
}
//#end

fn group_of(row: u32) -> u32 {
//#if LABELS
  return labels[row];
//#else
  return 0u;
//#end
}
