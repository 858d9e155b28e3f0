// Radix select: the digit of the k-th largest key, from the histograms of one segment.
// State of a segment: x: the digits found so far, in the end the k-th largest key; y: how many keys with these digits
// belong to the k; z: how many valid keys there are; w: 1 where all of them belong, so that there is nothing to find.
var<workgroup> lane_totals: array<u32, ${LANES}>;

fn bin_total(segment: u32, bin: u32) -> u32 {
  var total = 0u;
  var at = segment * params.groups * params.bins + bin;
  for (var group = 0u; group < params.groups; group++) {
    total += histograms[at];
    at += params.bins;
  }
  return total;
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.x;
  // lane 0 has the highest bins
  let bins_each = params.bins / ${LANES}u;
  let top = params.bins - lane * bins_each;
  var own = 0u;
  for (var bin = top - bins_each; bin < top; bin++) {
    own += bin_total(segment, bin);
  }
  lane_totals[lane] = own;
  let previous = state[segment];
  storageBarrier();
  workgroupBarrier();
  var above = 0u;
  var total = 0u;
  for (var other = 0u; other < ${LANES}u; other++) {
    above += select(0u, lane_totals[other], other < lane);
    total += lane_totals[other];
  }
  let first_digit = params.prefixShift == 32u;
  let wanted = select(previous.y, params.k, first_digit);
  if (first_digit && total <= params.k) {
    if (lane == 0u) {
      state[segment] = vec4u(params.aboveKey, 0u, total, 1u);
    }
  } else if ((first_digit || previous.w == 0u) && above < wanted && above + own >= wanted) {
    var bin = top - 1u;
    var in_bin = bin_total(segment, bin);
    while (above + in_bin < wanted) {
      above += in_bin;
      bin--;
      in_bin = bin_total(segment, bin);
    }
    if (first_digit) {
      state[segment] = vec4u(bin, wanted - above, total, 0u);
    } else {
      state[segment] = vec4u(previous.x * params.bins + bin, wanted - above, previous.z, 0u);
    }
  }
}
