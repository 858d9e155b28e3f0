// One pass of a Gaussian blur, along a row or a column, with the image reflected at its edges.
const WEIGHTS = 5u;

fn reflected(place: i32, size: i32) -> i32 {
  let period = max(2 * (size - 1), 1);
  let turned = ((place % period) + period) % period;
  return min(turned, period - turned);
}

fn item(i: u32) {
  let row = i / params.width;
  let place = vec2i(vec2u(i - row * params.width, row));
  let size = vec2i(vec2u(geometry[3], geometry[2]));
  let radius = i32(effects[0]);
  if (radius == 0 || any(place >= size)) {
    y[i] = x[i];
    return;
  }
  var sum = vec4f();
  for (var k = -radius; k <= radius; k++) {
//#if ROWS
    let at = vec2i(reflected(place.x + k, size.x), place.y);
//#else
    let at = vec2i(place.x, reflected(place.y + k, size.y));
//#end
    sum += bitcast<f32>(effects[WEIGHTS + u32(abs(k))]) * x[u32(at.y) * params.width + u32(at.x)];
  }
  y[i] = sum;
}
