// Greedy choice by one workgroup a segment, 32 boxes at a time: what earlier boxes have left of a block is chosen one by
// one, then the chosen boxes' suppressions of later blocks are added up. Every lane makes the same choice; each keeps its
// own words of `removed`.
var<workgroup> removed: array<u32, ${WORDS}>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let segment = workgroup.x;
  let base = segment * params.capacity;
  let n = min(counts[segment], params.capacity);
  let blocks = (n + 31u) / 32u;
  for (var word = lane; word < blocks; word += ${LANES}u) {
    removed[word] = too_small(base + word * 32u, min(32u, n - word * 32u));
  }
  workgroupBarrier();
  var kept_before = 0u;
  for (var block = 0u; block < blocks; block++) {
    let first = block * 32u;
    var left = ~removed[block];
    var kept = 0u;
    let diagonal = (segment * params.words + block) * params.rows + first;
    while (left != 0u) {
      let i = firstTrailingBit(left);
      kept |= 1u << i;
      left &= ~(suppressions[diagonal + i] | (1u << i));
    }
    for (var word = block + 1u + lane; word < blocks; word += ${LANES}u) {
      let column = (segment * params.words + word) * params.rows + first;
      var gone = removed[word];
      for (var todo = kept; todo != 0u; todo &= todo - 1u) {
        gone |= suppressions[column + firstTrailingBit(todo)];
      }
      removed[word] = gone;
    }
    for (var i = lane; i < min(32u, n - first); i += ${LANES}u) {
      let is_kept = ((kept >> i) & 1u) != 0u;
      if (is_kept) {
        keptIndices[base + kept_before + countOneBits(kept & ((1u << i) - 1u))] = first + i;
      }
      keptScores[base + first + i] = select(0xff7fffffu, scores[base + first + i], is_kept);
    }
    kept_before += countOneBits(kept);
    workgroupBarrier();
  }
  for (var i = n + lane; i < params.capacity; i += ${LANES}u) {
    keptScores[base + i] = 0xff7fffffu;
  }
  for (var i = kept_before + lane; i < params.capacity; i += ${LANES}u) {
    keptIndices[base + i] = 0u;
  }
  if (lane == 0u) {
    keptCounts[segment] = kept_before;
  }
}

// Bits of the boxes of a block that are out: those with a side under the least size, and those past the list's end.
fn too_small(first: u32, length: u32) -> u32 {
  var bits = 0u;
  for (var i = 0u; i < length; i++) {
    let box = boxes[first + i];
    let fits = box.z - box.x >= params.minSize && box.w - box.y >= params.minSize;
    bits |= u32(!fits) << i;
  }
  return select(bits | (0xffffffffu << (length & 31u)), bits, length == 32u);
}
