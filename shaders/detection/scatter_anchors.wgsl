// Gradients of the samples among one level's anchors, each at its own place of the map.
fn item(i: u32) {
  let anchor = samples[i] - params.first;
  if (i < count[0] && samples[i] >= params.first && anchor < params.anchors) {
//#if DELTAS
    map[anchor] = dy[i];
//#else
    let cell = anchor / params.per_cell;
    map[cell * params.pitch + anchor - cell * params.per_cell] = dy[i];
//#end
  }
}
