// dx = dy f'(x), where v is f(x), or x itself for the functions whose derivative needs it.
fn derivative(v: vec4f) -> vec4f {
//#if FUNCTION == 'relu'
  return select(vec4f(), vec4f(1.0), v > vec4f());
//#elif FUNCTION == 'sigmoid'
  return v * (1.0 - v);
//#elif FUNCTION == 'exp'
  return v;
//#elif FUNCTION == 'log'
  return 1.0 / v;
//#elif FUNCTION == 'sqrt'
  return 0.5 / v;
//#elif FUNCTION == 'abs'
  return sign(v);
//#elif FUNCTION == 'tanh'
  return 1.0 - v * v;
//#else
  return vec4f(-1.0);
//#end
}

fn item(i: u32) {
  let value = dy[i] * derivative(v[i]);
//#if PADDED
  // the derivative at the padding's 0 may be infinite
  let first = (i % params.row_units) * 4u;
  dx[i] = keep_channels(value, params.channels - first);
//#else
  dx[i] = value;
//#end
}
