// Counters of one radix digit in workgroup memory, one column for each lane: lanes own consecutive runs of items, so
// that positions counted off bin by bin and, within a bin, lane by lane keep equal keys in their order.
var<workgroup> counters: array<u32, ${LANES * BINS}>;
var<workgroup> lane_sums: array<u32, ${LANES}>;

fn clear_counters(lane: u32) {
  for (var i = lane; i < params.counters; i += ${LANES}u) {
    counters[i] = 0u;
  }
  workgroupBarrier();
}

// Index of the counter of a key's digit.
fn counter_of(key: u32, shift: u32, lane: u32) -> u32 {
  return ((key >> shift) & ${BINS - 1}u) * ${LANES}u + lane;
}

// Counters to the sums of the counters before them.
fn scan_counters(lane: u32) {
  workgroupBarrier();
  let each = params.counters / ${LANES}u;
  let first = lane * each;
  var sum = 0u;
  for (var i = first; i < first + each; i++) {
    sum += counters[i];
  }
  lane_sums[lane] = sum;
  workgroupBarrier();
  var before = 0u;
  for (var other = 0u; other < lane; other++) {
    before += lane_sums[other];
  }
  for (var i = first; i < first + each; i++) {
    let own = counters[i];
    counters[i] = before;
    before += own;
  }
  workgroupBarrier();
}
