// How many values of k belong to items in use.
fn k_in_use() -> u32 {
  if (params.kCounted == 0u) {
    return params.k;
  }
  return used_of(params.k);
}
