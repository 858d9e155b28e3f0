// Sums of the columns of a matrix over runs of its rows: a vec4 of columns of a run to an item.
fn item(i: u32) {
  let run = i / params.columns4;
  let column = i - run * params.columns4;
  let first = run * params.rows_per_run;
  let end = min(first + params.rows_per_run, rows_in_use());
  var sum = vec4f();
  for (var row = first; row < end; row++) {
    sum += x[row * params.columns4 + column];
  }
  parts[i] = sum;
}

fn rows_in_use() -> u32 {
//#if LIMITED
  return min(params.rows, limit[0] * params.rows_per_item);
//#else
  return params.rows;
//#end
}
