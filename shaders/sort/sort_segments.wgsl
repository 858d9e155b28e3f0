// Stable sort of the pairs (inverted key, index) of one segment by one workgroup, ascending. `pairs` has two halves: the
// pairs lie in the first, each pass moves them to the other half. Few pairs are put in place by counting smaller ones.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.x;
  let base = segment * params.k;
  let n = min(taken[segment], params.k);
  if (n <= ${RANKED}u) {
    for (var i = lane; i < n; i += ${LANES}u) {
      let own = pairs[base + i];
      var rank = 0u;
      for (var j = 0u; j < n; j++) {
        let key = pairs[base + j].x;
        rank += u32(key < own.x || (key == own.x && j < i));
      }
      values[base + rank] = key_bits(~own.x);
      indices[base + rank] = own.y;
    }
  } else {
    sort(base, n, lane);
    for (var i = lane; i < n; i += ${LANES}u) {
      let pair = pairs[base + i];
      values[base + i] = key_bits(~pair.x);
      indices[base + i] = pair.y;
    }
  }
  for (var i = n + lane; i < params.k; i += ${LANES}u) {
    values[base + i] = 0xff7fffffu;
    indices[base + i] = 0u;
  }
}

fn sort(base: u32, n: u32, lane: u32) {
  let chunk = (n + ${LANES - 1}u) / ${LANES}u;
  let first = min(lane * chunk, n);
  let end = min(first + chunk, n);
  var source = base;
  var destination = params.second + base;
  for (var shift = 0u; shift < params.bits; shift += ${BITS}u) {
    clear_counters(lane);
    for (var i = first; i < end; i++) {
      counters[counter_of(pairs[source + i].x, shift, lane)]++;
    }
    scan_counters(lane);
    for (var i = first; i < end; i++) {
      let pair = pairs[source + i];
      let counter = counter_of(pair.x, shift, lane);
      let place = counters[counter];
      counters[counter] = place + 1u;
      pairs[destination + place] = pair;
    }
    storageBarrier();
    workgroupBarrier();
    let swapped = source;
    source = destination;
    destination = swapped;
  }
}
