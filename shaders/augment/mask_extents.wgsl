// The box of an object's set bits and their number; a workgroup to an object.
var<workgroup> left: atomic<u32>;
var<workgroup> top: atomic<u32>;
var<workgroup> right: atomic<u32>;
var<workgroup> bottom: atomic<u32>;
var<workgroup> pixels: atomic<u32>;

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let object = workgroup.y * groups.x + workgroup.x;
  let used = object < min(object_count[0], params.objects);
  if (lane == 0u) {
    atomicStore(&left, 0xffffffffu);
    atomicStore(&top, 0xffffffffu);
    atomicStore(&right, 0u);
    atomicStore(&bottom, 0u);
    atomicStore(&pixels, 0u);
  }
  workgroupBarrier();
  if (used) {
    let at = object * 5u;
    let words = targets[at + 2u];
    let length = words * targets[at + 3u];
    let first = targets[at + 4u];
    var low = vec2u(0xffffffffu);
    var high = vec2u();
    var count = 0u;
    for (var i = lane; i < length; i += ${LANES}u) {
      let word = warped[first + i];
      if (word != 0u) {
        let row = i / words;
        let x = targets[at] + (i - row * words) * 32u;
        low = min(low, vec2u(x + firstTrailingBit(word), targets[at + 1u] + row));
        high = max(high, vec2u(x + firstLeadingBit(word), targets[at + 1u] + row) + 1u);
        count += countOneBits(word);
      }
    }
    if (count > 0u) {
      atomicMin(&left, low.x);
      atomicMin(&top, low.y);
      atomicMax(&right, high.x);
      atomicMax(&bottom, high.y);
      atomicAdd(&pixels, count);
    }
  }
  workgroupBarrier();
  if (lane == 0u && object < params.objects) {
    let at = object * 5u;
    let count = atomicLoad(&pixels);
    extents[at] = select(0u, atomicLoad(&left), count > 0u);
    extents[at + 1u] = select(0u, atomicLoad(&top), count > 0u);
    extents[at + 2u] = atomicLoad(&right);
    extents[at + 3u] = atomicLoad(&bottom);
    extents[at + 4u] = count;
  }
}
