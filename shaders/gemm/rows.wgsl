// How many of the rows from params.firstRow on belong to items in use, at most `limit`.
fn used_of(limit: u32) -> u32 {
  let end = count[0] * params.rowsPerItem;
  return min(limit, max(end, params.firstRow) - params.firstRow);
}

fn rows_in_use() -> u32 {
  if (params.rowsCounted == 0u) {
    return params.rows;
  }
  return used_of(params.rows);
}
