// One pass of a radix sort by many workgroups: how many items of each workgroup fall into each bin.
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
    var total = 0u;
    for (var other = 0u; other < ${LANES}u; other++) {
      total += counters[bin * ${LANES}u + other];
    }
    binStarts[bin * groups.x + workgroup.x] = total;
  }
}
