// One pass of a radix sort by many workgroups: moves each item to its place.
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  clear_counters(lane);
  let first = min((workgroup.x * ${LANES}u + lane) * params.chunk, params.length);
  let end = min(first + params.chunk, params.length);
  for (var i = first; i < end; i++) {
    counters[counter_of(source_pair(i).x, params.shift, lane)]++;
  }
  workgroupBarrier();
  for (var bin = lane; bin < ${BINS}u; bin += ${LANES}u) {
    var place = binStarts[bin * groups.x + workgroup.x];
    for (var other = 0u; other < ${LANES}u; other++) {
      let own = counters[bin * ${LANES}u + other];
      counters[bin * ${LANES}u + other] = place;
      place += own;
    }
  }
  workgroupBarrier();
  for (var i = first; i < end; i++) {
    let pair = source_pair(i);
    let counter = counter_of(pair.x, params.shift, lane);
    let place = counters[counter];
    counters[counter] = place + 1u;
//#if LAST
    values[place] = key_bits(~pair.x);
    indices[place] = pair.y;
//#else
    moved[place] = pair;
//#end
  }
}
