// y = activation(f(a, b)) with NumPy broadcasting, over vec4s of a channels4 output or elements of a dense one.
//#if WIDTH == 4
alias Value = vec4f;
//#else
alias Value = f32;
//#end

fn apply(a: Value, b: Value) -> Value {
//#if FUNCTION == 'add'
  return a + b;
//#elif FUNCTION == 'sub'
  return a - b;
//#elif FUNCTION == 'mul'
  return a * b;
//#elif FUNCTION == 'div'
  return a / b;
//#elif FUNCTION == 'pow'
  // WGSL's pow knows no negative base and no 0 to the power 0
  let magnitude = pow(abs(a), b);
  let odd = abs(b % Value(2.0)) == Value(1.0);
  let signed_power = select(magnitude, -magnitude, (a < Value(0.0)) & odd);
  return select(signed_power, Value(1.0), b == Value(0.0));
//#elif FUNCTION == 'step'
  return 0.5 * (Value(1.0) + sign(a - b));
//#else
  return ${FUNCTION}(a, b);
//#end
}

fn activate(v: Value) -> Value {
//#if ACTIVATION == 'relu'
  return max(v, Value(0.0));
//#elif ACTIVATION == 'sigmoid'
  return Value(1.0) / (Value(1.0) + exp(min(-v, Value(88.0))));
//#else
  return v;
//#end
}

//#if FLAT
fn item(i: u32) {
  y[i] = activate(apply(a[i], b[i]));
}
//#else

// The four channels from c on (or the one at c) of the row that begins at `base`.
fn load_a(base: u32, c: u32) -> Value {
//#if A_LOAD == 'vec4'
  return a[(base + c) / 4u];
//#elif A_LOAD == 'element'
  return a[base + c];
//#elif A_LOAD == 'splat'
  return Value(a[base]);
//#else
  let at = vec4u(base) + min(vec4u(c) + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
  return vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
//#end
}

fn load_b(base: u32, c: u32) -> Value {
//#if B_LOAD == 'vec4'
  return b[(base + c) / 4u];
//#elif B_LOAD == 'element'
  return b[base + c];
//#elif B_LOAD == 'splat'
  return Value(b[base]);
//#else
  let at = vec4u(base) + min(vec4u(c) + vec4u(0u, 1u, 2u, 3u), vec4u(params.channels - 1u));
  return vec4f(b[at.x], b[at.y], b[at.z], b[at.w]);
//#end
}

// Where the rows of a and b begin.
alias Place = vec2u;

fn locate(row: u32) -> Place {
  let outer = row / params.size2;
  let place = vec3u(outer / params.size1, outer % params.size1, row % params.size2);
  return vec2u(
    dot(place, vec3u(params.a_stride0, params.a_stride1, params.a_stride2)),
    dot(place, vec3u(params.b_stride0, params.b_stride1, params.b_stride2)),
  );
}

fn row_item(place: Place, i: u32, unit: u32) {
  let c = unit * ${WIDTH}u;
  let value = activate(apply(load_a(place.x, c), load_b(place.y, c)));
//#if WIDTH == 4
  y[i] = keep_channels(value, params.channels - c);
//#else
  y[i] = value;
//#end
}
//#end
