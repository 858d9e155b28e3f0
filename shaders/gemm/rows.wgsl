// How many of the rows from params.firstRow on belong to items in use.
fn rows_in_use() -> u32 {
  if (params.hasCount == 0u) {
    return params.rows;
  }
  let end = count[0] * params.rowsPerItem;
  return min(params.rows, max(end, params.firstRow) - params.firstRow);
}
