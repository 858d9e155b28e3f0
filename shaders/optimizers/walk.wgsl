// One optimizer step over a range of a chunk of the parameter arena. What an optimizer does with four parameters is its
// `fn updated(at: u32, p: vec4f, g: vec4f) -> vec4f`: it gives the new parameters and overwrites its slots at `at`.
fn item(i: u32) {
  let at = params.first + i;
  let p = parameters[at];
  var g = gradients[at];
//#if CLIP == 'norm'
  g *= clip[0];
//#elif CLIP == 'value'
  g = clamp(g, vec4f(-params.largest), vec4f(params.largest));
//#end
//#if MAXIMIZE
  g = -g;
//#end
  parameters[at] = updated(at, p, g + params.weight_decay * p);
}

// What changes from step to step, computed by the host: a vec4 for each group of parameters.
fn scalars() -> vec4f {
  return hyper[params.group];
}
