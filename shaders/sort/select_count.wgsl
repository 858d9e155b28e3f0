// Radix select: how many valid keys fall into each bin of the current digit, among those that match the digits found so
// far. One histogram for each workgroup.
var<workgroup> bins: array<atomic<u32>, ${BINS}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.y;
  let first_digit = params.prefixShift == 32u;
  let found = state[segment];
  if (!first_digit && found.w != 0u) {
    return;
  }
  for (var bin = lane; bin < params.bins; bin += ${LANES}u) {
    atomicStore(&bins[bin], 0u);
  }
  workgroupBarrier();
  var place = walk(segment, workgroup.x * ${LANES}u + lane);
  while (place.at < place.end) {
    let key = valid_key(place);
    if (key != 0u && (first_digit || (key >> (params.prefixShift & 31u)) == found.x)) {
      atomicAdd(&bins[(key >> params.digitShift) & (params.bins - 1u)], 1u);
    }
    advance(&place);
  }
  workgroupBarrier();
  let histogram = (segment * groups.x + workgroup.x) * params.bins;
  for (var bin = lane; bin < params.bins; bin += ${LANES}u) {
    histograms[histogram + bin] = atomicLoad(&bins[bin]);
  }
}
