// Columns (four channels each) of runs of rows. The rows of a segment (an image, or the batch) are cut into `runs` runs
// of `rows_per_run`; an item is one column of one run.
struct Place { segment: u32, column: u32, first: u32, end: u32 }

fn place_of(i: u32) -> Place {
  let run = i / params.columns4;
  let segment = run / params.runs;
  let rows = rows_of(segment, run - segment * params.runs);
  return Place(segment, i - run * params.columns4, rows.x, rows.y);
}

// From which row of the tensor, and up to which, a run goes.
fn rows_of(segment: u32, run: u32) -> vec2u {
  let start = segment * params.segment_rows;
  let first = start + run * params.rows_per_run;
  let end = min(first + params.rows_per_run, min(start + params.segment_rows, rows_in_use()));
  return vec2u(first, max(first, end));
}

fn segment_rows_in_use(segment: u32) -> u32 {
  let start = segment * params.segment_rows;
  return min(max(rows_in_use(), start) - start, params.segment_rows);
}

fn rows_in_use() -> u32 {
//#if LIMITED
  return min(params.rows, limit[0] * params.rows_per_item);
//#else
  return params.rows;
//#end
}
