// The keys above the threshold, and as many of those equal to it as there is room for, in the order of their indices.
// Writes pairs of inverted key and index: ascending pairs are descending scores.
var<workgroup> lane_counts: array<vec2u, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.y;
  let first_group = segment * groups.x;
//#if SELECT
  let threshold = state[segment].x;
  let quota = state[segment].y;
//#else
  let threshold = params.aboveKey;
  let quota = 0u;
//#end
  lane_counts[lane] = laneCounts[(first_group + workgroup.x) * ${LANES}u + lane];
  workgroupBarrier();
  var before = vec2u();
  var total = 0u;
  for (var group = 0u; group < groups.x; group++) {
    let counts = groupCounts[first_group + group];
    before += select(vec2u(), counts, group < workgroup.x);
    total += counts.x;
  }
  for (var other = 0u; other < lane; other++) {
    before += lane_counts[other];
  }
  if (workgroup.x == 0u && lane == 0u) {
//#if SELECT
    total = state[segment].z;
//#end
    available[segment] = total;
    taken[segment] = min(total, params.k);
  }
  var place = walk(segment, workgroup.x * ${LANES}u + lane);
  while (place.at < place.end) {
    let key = valid_key(place);
    if (key > threshold || (key == threshold && before.y < quota)) {
      let target_place = before.x + min(before.y, quota);
      if (target_place < params.k) {
        pairs[segment * params.k + target_place] = vec2u(~key, place.index);
      }
    }
    before += vec2u(u32(key > threshold), u32(key == threshold));
    advance(&place);
  }
}
