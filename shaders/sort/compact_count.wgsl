// How many keys of each lane's chunk are above the threshold (x) and equal to it (y), and the sums of each workgroup.
var<workgroup> lane_counts: array<vec2u, ${LANES}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.y;
//#if SELECT
  let threshold = state[segment].x;
//#else
  let threshold = params.aboveKey;
//#end
  var place = walk(segment, workgroup.x * ${LANES}u + lane);
  var found = vec2u();
  while (place.at < place.end) {
    let key = valid_key(place);
    found += vec2u(u32(key > threshold), u32(key == threshold));
    advance(&place);
  }
  let group = segment * groups.x + workgroup.x;
  laneCounts[group * ${LANES}u + lane] = found;
  lane_counts[lane] = found;
  workgroupBarrier();
  if (lane == 0u) {
    var total = vec2u();
    for (var other = 0u; other < ${LANES}u; other++) {
      total += lane_counts[other];
    }
    groupCounts[group] = total;
  }
}
