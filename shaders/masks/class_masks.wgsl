// masks[d] = sigmoid(x[d] . weight[labels[d]] + bias[labels[d]]): a 1x1 convolution to one channel, another one for each
// detection. SHARE lanes share the channels of a pixel, so that neighbours read neighbouring vec4s, and work on PIXELS
// pixels at a time, so that a weight serves them all. A workgroup has GROUPS times SHARE lanes and takes params.steps runs
// of GROUPS * PIXELS pixels of a detection.
//#if !SUBGROUPS
var<workgroup> parts: array<f32, ${GROUPS * PIXELS * (SHARE + 1)}>;
//#end

//#if ALIGNED
fn weight_of(label: u32, channel4: u32) -> vec4f {
  return weight[label * params.channels4 + channel4];
}
//#else
// rows of the weight begin where no vec4 does, and end before the padding channels of x, which are zero
fn weight_of(label: u32, channel4: u32) -> vec4f {
  let first = channel4 * 4u;
  let row = label * params.channels;
  let at = vec4u(row) + min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.channels - 1u));
  return vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
}
//#end

@compute @workgroup_size(${GROUPS * SHARE})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let item = workgroup.x;
  var limit = params.items;
//#if COUNTED
  limit = min(limit, count[0]);
//#end
  if (item >= limit) {
    return;
  }
  let label = min(labels[item], params.classes - 1u);
  let offset = bias[label];
  let group = lane / ${SHARE}u;
  let share = lane % ${SHARE}u;
  let rows = item * params.pixels;
  for (var step = 0u; step < params.steps; step++) {
    let run = (workgroup.y * params.steps + step) * ${GROUPS * PIXELS}u;
    if (run >= params.pixels) {
      break;
    }
    let first = run + group * ${PIXELS}u;
//#for P 0 PIXELS
    let row${P} = (rows + min(first + ${P}u, params.pixels - 1u)) * params.channels4;
    var sum${P} = 0.0;
//#end
    for (var c = share; c < params.channels4; c += ${SHARE}u) {
      let w = weight_of(label, c);
//#for P 0 PIXELS
      sum${P} += dot(x[row${P} + c], w);
//#end
    }
//#if SUBGROUPS
    // lane p keeps the sum of pixel p
    var logit = 0.0;
//#for P 0 PIXELS
    logit = select(logit, subgroupAdd(sum${P}), share == ${P}u);
//#end
    let pixel = first + share;
    if (share < ${PIXELS}u && pixel < params.pixels) {
      masks[rows + pixel] = probability(logit + offset);
    }
//#else
//#for P 0 PIXELS
    parts[(group * ${PIXELS}u + ${P}u) * ${SHARE + 1}u + share] = sum${P};
//#end
    workgroupBarrier();
    for (var i = lane; i < ${GROUPS * PIXELS}u; i += ${GROUPS * SHARE}u) {
      var logit = offset;
//#for S 0 SHARE
      logit += parts[i * ${SHARE + 1}u + ${S}u];
//#end
      if (run + i < params.pixels) {
        masks[rows + run + i] = probability(logit);
      }
    }
    workgroupBarrier();
//#end
  }
}

fn probability(logit: f32) -> f32 {
  return 1.0 / (1.0 + exp(-logit));
}
