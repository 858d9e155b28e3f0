// A dense weight [outputs, inputs, taps] from its gradient as a matrix: rows (tap, input padded to fours), columns outputs.
fn item(i: u32) {
  let line = i / params.taps;
  let tap = i - line * params.taps;
  let o = line / params.inputs;
  let c = line - o * params.inputs;
  y[i] = x[(tap * params.rowChannels + c) * params.pitch + o];
}
