// G g G^T of F(4x4, 3x3): dense weight [O, C, 3, 3] to 36 matrices [channel, output], each packed as by gemm/pack.wgsl.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let plane = params.length;
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < plane) {
      let line = i / params.lanes;
      let group = line / params.rows;
      let c = line - group * params.rows;
      let o = (i + (group - line) * params.lanes) * 4u;
//#for T 0 9
      var g${T} = vec4f();
//#end
      if (c < params.inputs) {
//#for K 0 4
        if (o + ${K}u < params.outputs) {
          let at = ((o + ${K}u) * params.inputs + c) * 9u;
//#for T 0 9
          g${T}.${xyzw(K)} = w[at + ${T}u];
//#end
        }
//#end
      }
//#for J 0 3
      let h0_${J} = g${J} / 4.0;
      let h1_${J} = (g${J} + g${3 + J} + g${6 + J}) / -6.0;
      let h2_${J} = (g${J} - g${3 + J} + g${6 + J}) / -6.0;
      let h3_${J} = g${J} / 24.0 + g${3 + J} / 12.0 + g${6 + J} / 6.0;
      let h4_${J} = g${J} / 24.0 - g${3 + J} / 12.0 + g${6 + J} / 6.0;
      let h5_${J} = g${6 + J};
//#end
//#for I 0 6
      u[${6 * I}u * plane + i] = h${I}_0 / 4.0;
      u[${6 * I + 1}u * plane + i] = (h${I}_0 + h${I}_1 + h${I}_2) / -6.0;
      u[${6 * I + 2}u * plane + i] = (h${I}_0 - h${I}_1 + h${I}_2) / -6.0;
      u[${6 * I + 3}u * plane + i] = h${I}_0 / 24.0 + h${I}_1 / 12.0 + h${I}_2 / 6.0;
      u[${6 * I + 4}u * plane + i] = h${I}_0 / 24.0 - h${I}_1 / 12.0 + h${I}_2 / 6.0;
      u[${6 * I + 5}u * plane + i] = h${I}_2;
//#end
    }
  }
}
