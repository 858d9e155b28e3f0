// Counts of the values of red, green, blue and grey, the last of the pixels with their brightness changed; a lane takes
// four pixels (three words) at a step.
const TABLE = 1u;
var<workgroup> counts: array<atomic<u32>, 1024>;

fn add(red: u32, green: u32, blue: u32) {
  atomicAdd(&counts[red], 1u);
  atomicAdd(&counts[256u + green], 1u);
  atomicAdd(&counts[512u + blue], 1u);
  // ITU-R 601-2 luma as Pillow's convert("L")
  let grey = 19595u * colour[TABLE + red] + 38470u * colour[TABLE + green] + 7471u * colour[TABLE + blue] + 0x8000u;
  atomicAdd(&counts[768u + (grey >> 16u)], 1u);
}

fn byte(word: u32, k: u32) -> u32 {
  return (word >> (k * 8u)) & 0xffu;
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < 1024u; i += ${LANES}u) {
    atomicStore(&counts[i], 0u);
  }
  workgroupBarrier();
  let length = geometry[0] * geometry[1];
  let last = params.words - 1u;
  for (var step = 0u; step < ${STEPS}u; step++) {
    let quad = (workgroup.x * ${STEPS}u + step) * ${LANES}u + lane;
    let first = quad * 4u;
    if (first < length) {
      let words = vec3u(
        pixels[min(quad * 3u, last)], pixels[min(quad * 3u + 1u, last)], pixels[min(quad * 3u + 2u, last)]
      );
      add(byte(words.x, 0u), byte(words.x, 1u), byte(words.x, 2u));
      if (first + 1u < length) {
        add(byte(words.x, 3u), byte(words.y, 0u), byte(words.y, 1u));
      }
      if (first + 2u < length) {
        add(byte(words.y, 2u), byte(words.y, 3u), byte(words.z, 0u));
      }
      if (first + 3u < length) {
        add(byte(words.z, 1u), byte(words.z, 2u), byte(words.z, 3u));
      }
    }
  }
  workgroupBarrier();
  for (var i = lane; i < 1024u; i += ${LANES}u) {
    let count = atomicLoad(&counts[i]);
    if (count > 0u) {
      atomicAdd(&histogram[i], count);
    }
  }
}
