// G^T u G of F(4x4, 3x3), the adjoint of weight.wgsl: 36 matrices [channel, output] to the gradient of the dense weight
// [output, channel, 9], four outputs to an item.
fn item(i: u32) {
  let c = i / params.columns4;
  let o = (i - c * params.columns4) * 4u;
  var h: array<vec4f, 18>;
  // a bound that the compiler does not know, as in input.wgsl
  for (var j = 0u; j < params.points; j++) {
//#for I 0 6
    let u${I} = u[(${6 * I}u + j) * params.plane + i];
//#end
    let p = (u1 + u2) / 6.0;
    let r = u3 + u4;
    h[j] = u0 / 4.0 - p + r / 24.0;
    h[6u + j] = (u2 - u1) / 6.0 + (u3 - u4) / 12.0;
    h[12u + j] = r / 6.0 - p + u5;
  }
  let at = (o * params.inputs + c) * 9u;
  let step = params.inputs * 9u;
//#for K 0 3
  {
    let p = (h[${6 * K + 1}] + h[${6 * K + 2}]) / 6.0;
    let r = h[${6 * K + 3}] + h[${6 * K + 4}];
    let g0 = h[${6 * K}] / 4.0 - p + r / 24.0;
    let g1 = (h[${6 * K + 2}] - h[${6 * K + 1}]) / 6.0 + (h[${6 * K + 3}] - h[${6 * K + 4}]) / 12.0;
    let g2 = r / 6.0 - p + h[${6 * K + 5}];
//#for L 0 4
    if (o + ${L}u < params.outputs) {
      w[at + ${L}u * step + ${3 * K}u] = g0.${xyzw(L)};
      w[at + ${L}u * step + ${3 * K + 1}u] = g1.${xyzw(L)};
      w[at + ${L}u * step + ${3 * K + 2}u] = g2.${xyzw(L)};
    }
//#end
  }
//#end
}
