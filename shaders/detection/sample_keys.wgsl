// Keys of four candidates: the positive ones' in the first list, the negative ones' in the second, NaN elsewhere. Keys have
// 30 bits, as bits of an f32 that is not negative; the largest are taken.
const NOT_A_NUMBER = 0x7fc00000u;
const LARGEST = 0x3fffffffu;

fn item(quad: u32) {
//#if RANDOM
  let words = philox(vec4u(quad, random[1], params.stream, 0u), vec2u(random[0], 0u));
//#end
  for (var k = 0u; k < min(4u, params.candidates - quad * 4u); k++) {
    let i = quad * 4u + k;
//#if RANDOM
    let key = words[k] >> 2u;
//#else
    let key = LARGEST - i;
//#end
    let found = matches[i];
    keys[i] = select(NOT_A_NUMBER, key, found >= 0);
    keys[params.candidates + i] = select(NOT_A_NUMBER, key, found == ${BACKGROUND});
  }
}
