// v[36][tile][channel] to y[36][channel][tile], four channels of four tiles to an item. Zeros past the tiles in use.
fn item(i: u32) {
  let c4 = params.c4;
  let tiles4 = params.tiles4;
  let line = i / tiles4;
  let tile = (i - line * tiles4) * 4u;
  let point = line / c4;
  let c = line - point * c4;
  let used = rows_in_use();
//#for T 0 4
  let known${T} = tile + ${T}u < used;
  let value${T} = select(vec4f(), v[select(0u, (point * params.rows + tile + ${T}u) * c4 + c, known${T})], known${T});
//#end
  let goal = line * 4u * tiles4 + tile / 4u;
//#for C 0 4
  y[goal + ${C}u * tiles4] = vec4f(value0.${xyzw(C)}, value1.${xyzw(C)}, value2.${xyzw(C)}, value3.${xyzw(C)});
//#end
}
