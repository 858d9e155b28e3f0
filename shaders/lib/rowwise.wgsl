// Calls `row_item(locate(row), i, unit)` for each unit in use of each row, i = row * params.row_units + unit.
// Integer division is slow on llvmpipe: BY_ROW, a workgroup takes whole rows and locates each one once. Otherwise the
// main function of itemwise.wgsl is needed.
//#if BY_ROW
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let first = (workgroup.y * groups.x + workgroup.x) * ${STEPS}u;
  let end = min(first + ${STEPS}u, units_in_use());
  for (var row = first; row < end; row++) {
    let place = locate(row);
    for (var unit = lane; unit < params.row_units; unit += ${LANES}u) {
      row_item(place, row * params.row_units + unit, unit);
    }
  }
}
//#else
fn item(i: u32) {
  row_item(locate(i / params.row_units), i, i % params.row_units);
}
//#end
