// What the head says of the samples among one level's anchors; the first level's call writes zeros past the count.
fn item(i: u32) {
  if (i >= count[0]) {
//#if FIRST
    sample_logits[i] = 0.0;
    sample_deltas[i] = vec4f();
//#end
    return;
  }
  let anchor = samples[i] - params.first;
  if (samples[i] >= params.first && anchor < params.anchors) {
    let cell = anchor / params.per_cell;
    sample_logits[i] = logits[cell * params.pitch + anchor - cell * params.per_cell];
    sample_deltas[i] = deltas[anchor];
  }
}
