// Pixels of the mask head's output; the logits of a sample's class enter the loss.
//#if GRADIENT
struct Place { in_use: bool, label: u32, value: f32 }

fn locate(pixel: u32) -> Place {
  let sample = pixel / params.pixels;
  if (sample >= positives[0]) {
    return Place(false, 0u, 0.0);
  }
  let label = labels[sample];
  let derivative = binary_cross_entropy_derivative(logits[pixel * params.pitch + label], wanted[pixel]);
  return Place(true, label, dy[0] * derivative);
}

fn row_item(place: Place, i: u32, unit: u32) {
  let channels = vec4u(0u, 1u, 2u, 3u) + 4u * unit;
  d_logits[i] = select(vec4f(), vec4f(place.value), (channels == vec4u(place.label)) & vec4<bool>(place.in_use));
}
//#else
// A row of a mask.
fn item(row: u32) {
  let sample = row / params.side;
  if (sample >= positives[0]) {
    return;
  }
  let label = labels[sample];
  var sum = 0.0;
  for (var pixel = row * params.side; pixel < (row + 1u) * params.side; pixel++) {
    sum += binary_cross_entropy(logits[pixel * params.pitch + label], wanted[pixel]);
  }
  terms[row] = sum;
}
//#end
