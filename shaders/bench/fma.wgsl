// Chains of fused multiply-adds, independent of each other: arithmetic and nothing else. One store a lane keeps it from
// being left out.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.x * ${LANES}u + lane;
  let factor = vec4f(params.factor);
  let summand = vec4f(params.summand);
//#for C 0 CHAINS
  var x${C} = vec4f(f32(item + ${C}u));
//#end
  for (var i = 0u; i < params.iterations; i++) {
//#for U 0 UNROLL
//#for C 0 CHAINS
    x${C} = fma(x${C}, factor, summand);
//#end
//#end
  }
  var sum = vec4f();
//#for C 0 CHAINS
  sum += x${C};
//#end
  y[item] = sum;
}
