// Calls `item(locate(row), i, unit)` for each unit in use of each row, i = row * params.row_units + unit.
// Integer division is slow on llvmpipe: there a workgroup takes whole rows and locates each one once.
//#if BY_ROW
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let length = units_in_use();
  let first = (workgroup.y * groups.x + workgroup.x) * ${STEPS}u;
  if (first >= length) {
    return;
  }
  for (var step = 0u; step < ${STEPS}u; step++) {
    let row = first + step;
    if (row < length) {
      let place = locate(row);
      for (var unit = lane; unit < params.row_units; unit += ${LANES}u) {
        item(place, row * params.row_units + unit, unit);
      }
    }
  }
}
//#else
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let length = units_in_use();
  if (item_index(workgroup, groups, 0u, 0u) >= length) {
    return;
  }
  for (var step = 0u; step < ${STEPS}u; step++) {
    let i = item_index(workgroup, groups, step, lane);
    if (i < length) {
      item(locate(i / params.row_units), i, i % params.row_units);
    }
  }
}
//#end
