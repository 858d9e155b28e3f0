// The item that a lane works on at a step: workgroups own contiguous runs of STEPS * LANES items.
// Pairs with linearWalk() in src/kernels/op.ts.
fn item_index(workgroup: vec3u, groups: vec3u, step: u32, lane: u32) -> u32 {
  return ((workgroup.y * groups.x + workgroup.x) * ${STEPS}u + step) * ${LANES}u + lane;
}
