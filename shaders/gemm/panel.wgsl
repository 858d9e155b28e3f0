// Implicit GEMM for software adapters with subgroups of ${SG} lanes. A workgroup is one subgroup: it owns ${4 * SG} columns (a vec4
// a lane) of params.rowsPerGroup rows, and holds ${KC} rows of B for them in private memory. Each row of A then streams
// past: one load a lane brings ${4 * SG} values of k, and subgroupBroadcast hands them round. Sums stay in y between panels.
//
// Row r of A is the window of output pixel r, its k axis (tap y, tap x, channel): four channels at a time lie together.
@compute @workgroup_size(${SG})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let used = rows_in_use();
  // Software adapters give each core a run of consecutive workgroups. Where only the first rows are in use, a run has all
  // row groups of its columns, and they are strided, so that the work is the same for each core.
  var columnGroup = workgroup.x;
  var rowGroup = workgroup.y;
  if (params.rowsCounted != 0u) {
    columnGroup = workgroup.y;
    rowGroup = strided_group(workgroup.x);
  }
  let start = rowGroup * params.rowsPerGroup;
  if (start >= used) {
    return;
  }
  let rows = min(params.rowsPerGroup, used - start);
  let column = columnGroup * ${SG}u + lane;
  let inside = column < params.columns4;
  let tap = column / params.tapColumns;
  let channel = (column - tap * params.tapColumns) * 4u;
  let bias4 = bias_of(channel);

  let outputWidth = params.outputWidth;
  let outputHeight = params.outputHeight;
  let firstY = start / outputWidth;
  let firstX = start - firstY * outputWidth;
  let image = firstY / outputHeight;
  let firstRow = firstY - image * outputHeight;
  let firstWindowY = i32(firstRow * params.strideY) - params.paddingY;
  let firstWindowX = i32(firstX * params.strideX) - params.paddingX;
  let inputHeight = params.inputHeight;
  let inputWidth = params.inputWidth;
  let c4 = i32(params.c4);
  let firstSource = i32(workgroup.z * params.batchA) +
    ((i32(image * inputHeight) + firstWindowY) * i32(inputWidth) + firstWindowX) * c4;
  let firstTarget = workgroup.z * params.batchY + firstY * params.outRow + firstX * params.outColumn +
    (tap / params.tapWidth) * params.tapRow + (tap % params.tapWidth) * params.tapColumns + channel / 4u;

  // steps of the walk over output pixels: to the right, to the next line, to the next image
  let stepX = i32(params.strideX);
  let stepY = i32(params.strideY);
  let backX = -i32(outputWidth) * stepX;
  let backY = -i32(outputHeight) * stepY;
  let sourceStep = stepX * c4;
  let sourceLine = (stepY * i32(inputWidth) + backX) * c4;
  let sourceImage = (i32(inputHeight) + backY) * i32(inputWidth) * c4;
  let targetStep = params.outColumn;
  let targetLine = params.outRow - outputWidth * params.outColumn;

  let k = k_in_use();
  let k4 = (k + 3u) / 4u;
  let panelStart = params.firstB + workgroup.z * params.batchB + columnGroup * params.panelGroup + lane;
  let panelStep = params.panelStep;
  var panel: array<vec4f, ${KC}>;

  // at least once, so that a product without inner axis writes its zeros
  for (var k0 = 0u; k0 < max(k, 1u); k0 += ${KC}u) {
    for (var i = 0u; i < ${KC}u; i++) {
      let known = inside && k0 + i < k;
      panel[i] = select(vec4f(), vec4f(b[select(0u, panelStart + (k0 + i) * panelStep, known)]), known);
    }
//#for Q 0 KC / (4 * SG)
    // the tap and the channels that this lane loads in each row
    let at${Q} = k0 / 4u + ${Q * SG}u + lane;
    let tap${Q} = at${Q} / params.c4;
    let tapY${Q} = tap${Q} / params.kernelWidth;
    let dx${Q} = i32((tap${Q} - tapY${Q} * params.kernelWidth) * params.dilationX);
    // past the end of k: a line outside every image
    let dy${Q} = select(0x3fffffff, i32(tapY${Q} * params.dilationY), at${Q} < k4);
    let offset${Q} = (i32(tapY${Q} * params.dilationY) * i32(inputWidth) + dx${Q}) * c4 +
      i32(at${Q} - tap${Q} * params.c4);
//#end
    var x = firstX;
    var line = firstRow;
    var windowY = firstWindowY;
    var windowX = firstWindowX;
    var source = firstSource;
    var goal = firstTarget;
    let isFirst = k0 == 0u && params.accumulate == 0u;
    let isLast = k0 + ${KC}u >= k;
    for (var m = 0u; m < rows; m++) {
      var sum = bias4;
      if (!isFirst) {
        sum = y[goal];
      } else if (params.hasResidual != 0u) {
        sum += residual[goal];
      }
//#for Q 0 KC / (4 * SG)
//#if Q > 0
      if (k0 + ${Q * 4 * SG}u < k) {
//#end
        let in${Q} = u32(windowY + dy${Q}) < inputHeight && u32(windowX + dx${Q}) < inputWidth;
        let a${Q} = select(vec4f(), a[select(0u, u32(source + offset${Q}), in${Q})], in${Q});
//#for I 0 4 * SG
        sum = fma(vec4f(subgroupBroadcast(a${Q}.${xyzw(I % 4)}, ${I / 4}u)), panel[${Q * 4 * SG + I}], sum);
//#end
//#if Q > 0
      }
//#end
//#end
      if (inside) {
        if (isLast) {
          sum = activate(sum, channel);
        }
        y[goal] = sum;
      }
      x++;
      windowX += stepX;
      source += sourceStep;
      goal += targetStep;
      let wrapX = x == outputWidth;
      x = select(x, 0u, wrapX);
      windowX += select(0, backX, wrapX);
      source += select(0, sourceLine, wrapX);
      goal += select(0u, targetLine, wrapX);
      windowY += select(0, stepY, wrapX);
      line += select(0u, 1u, wrapX);
      let wrapY = line == outputHeight;
      line = select(line, 0u, wrapY);
      windowY += select(0, backY, wrapY);
      source += select(0, sourceImage, wrapY);
    }
  }
}
