// y = f(x) over vec4s.
fn apply(x: vec4f) -> vec4f {
//#if FUNCTION == 'relu'
  return max(x, vec4f());
//#elif FUNCTION == 'sigmoid'
  // the bound keeps exp() finite; below it the result is 0 in f32 anyway
  return 1.0 / (1.0 + exp(min(-x, vec4f(88.0))));
//#elif FUNCTION == 'tanh'
  // by a series near 0, where the quotient of exponentials cancels
  let magnitude = abs(x);
  let square = x * x;
  let series = x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0))));
  let quotient = sign(x) * (1.0 - 2.0 / (exp(2.0 * min(magnitude, vec4f(16.0))) + 1.0));
  return select(quotient, series, magnitude < vec4f(0.1));
//#elif FUNCTION == 'neg'
  return -x;
//#else
  return ${FUNCTION}(x);
//#end
}

fn item(i: u32) {
//#if PADDED
  // f(0) is not 0, but the padding of the channels must be
  let first = (i % params.row_units) * 4u;
  y[i] = keep_channels(apply(x[i]), params.channels - first);
//#else
  y[i] = apply(x[i]);
//#end
}
