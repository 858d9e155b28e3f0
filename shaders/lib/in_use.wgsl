// How many of the units of a walk (src/kernels/itemwise.ts) belong to items that a count says are in use.
fn units_in_use() -> u32 {
//#if COUNTED
  return min(params.length, (count[0] * params.item_elements + ${UNIT - 1}u) / ${UNIT}u);
//#else
  return params.length;
//#end
}
