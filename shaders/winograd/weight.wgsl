// G g G^T of F(4x4, 3x3): dense weight to 36 matrices [channel, output], each packed as by gemm/pack.wgsl.
fn item(i: u32) {
  let plane = params.length;
  let line = i / params.lanes;
  let group = line / params.rows;
  let c = line - group * params.rows;
  let o = (i + (group - line) * params.lanes) * 4u;
  let known = c < params.inputs;
  let at = o * params.strideO + c * params.strideC;
  var g: array<vec4f, 9>;
  // bounds that the compiler does not know, as in input.wgsl
  for (var t = 0u; t < params.taps; t++) {
    let tap = u32(i32(params.firstTap) + i32(t) * params.tapStep);
    var value = vec4f();
//#for K 0 4
    if (known && o + ${K}u < params.outputs) {
      value.${xyzw(K)} = w[at + ${K}u * params.strideO + tap];
    }
//#end
    g[t] = value;
  }
  var h: array<vec4f, 18>;
//#for J 0 3
  h[${J}] = g[${J}] / 4.0;
  h[${3 + J}] = (g[${J}] + g[${3 + J}] + g[${6 + J}]) / -6.0;
  h[${6 + J}] = (g[${J}] - g[${3 + J}] + g[${6 + J}]) / -6.0;
  h[${9 + J}] = g[${J}] / 24.0 + g[${3 + J}] / 12.0 + g[${6 + J}] / 6.0;
  h[${12 + J}] = g[${J}] / 24.0 - g[${3 + J}] / 12.0 + g[${6 + J}] / 6.0;
  h[${15 + J}] = g[${6 + J}];
//#end
  for (var k = 0u; k < params.points; k++) {
    let h0 = h[3u * k];
    let h1 = h[3u * k + 1u];
    let h2 = h[3u * k + 2u];
    let goal = 6u * k * plane + i;
    u[goal] = h0 / 4.0;
    u[goal + plane] = (h0 + h1 + h2) / -6.0;
    u[goal + 2u * plane] = (h0 - h1 + h2) / -6.0;
    u[goal + 3u * plane] = h0 / 24.0 + h1 / 12.0 + h2 / 6.0;
    u[goal + 4u * plane] = h0 / 24.0 - h1 / 12.0 + h2 / 6.0;
    u[goal + 5u * plane] = h2;
  }
}
