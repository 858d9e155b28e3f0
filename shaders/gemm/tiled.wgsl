// Implicit GEMM for hardware: a workgroup of ${LX} x ${LY} invocations computes a tile of ${LY * RM} rows and ${4 * LX * RN} columns, each
// invocation ${RM} rows and ${RN} vec4s of columns in registers, over tiles of 16 k in workgroup memory.
// A and its k axis are as in panel.wgsl.
const TILE_ROWS = ${LY * RM}u;
const TILE_COLUMNS = ${LX * RN}u;

var<workgroup> tileA: array<vec4f, ${4 * LY * RM}>;
var<workgroup> tileB: array<vec4f, ${16 * LX * RN}>;

@compute @workgroup_size(${LX * LY})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let used = rows_in_use();
  let start = workgroup.y * TILE_ROWS;
  if (start >= used) {
    return;
  }
  let laneColumn = local % ${LX}u;
  let laneRow = local / ${LX}u;
  let column0 = workgroup.x * TILE_COLUMNS;
  let k = k_in_use();
  let k4 = (k + 3u) / 4u;
  let loadK = local % 4u;

  // the rows whose windows this invocation copies into tileA
//#for L 0 4 * RM / LX
  let row${L} = start + local / 4u + ${LX * LY / 4 * L}u;
  let line${L} = row${L} / params.outputWidth;
  let image${L} = line${L} / params.outputHeight;
  // rows that are not in use: a line outside every image
  let windowY${L} = select(0x3fffffff, i32((line${L} - image${L} * params.outputHeight) * params.strideY) - params.paddingY,
    row${L} < used);
  let windowX${L} = i32((row${L} - line${L} * params.outputWidth) * params.strideX) - params.paddingX;
  let image0${L} = workgroup.z * params.batchA + image${L} * params.inputHeight * params.inputWidth * params.c4;
//#end

//#for I 0 RM
//#for J 0 RN
  var sum${I}_${J} = vec4f();
//#end
//#end

  for (var k0 = 0u; k0 < k4; k0 += 4u) {
    let at = k0 + loadK;
    let tap = at / params.c4;
    let tapY = tap / params.kernelWidth;
    let dy = i32(tapY * params.dilationY);
    let dx = i32((tap - tapY * params.kernelWidth) * params.dilationX);
    let c = at - tap * params.c4;
//#for L 0 4 * RM / LX
    {
      let y = u32(windowY${L} + dy);
      let x = u32(windowX${L} + dx);
      var value = vec4f();
      if (at < k4 && y < params.inputHeight && x < params.inputWidth) {
        value = a[image0${L} + (y * params.inputWidth + x) * params.c4 + c];
      }
      tileA[loadK * TILE_ROWS + local / 4u + ${LX * LY / 4 * L}u] = value;
    }
//#end
//#for L 0 16 * RN / LY
    {
      let at = local + ${LX * LY * L}u;
      let kRow = k0 * 4u + at / TILE_COLUMNS;
      let column = column0 + at % TILE_COLUMNS;
      var value = vec4f();
      if (kRow < k && column < params.columns4) {
        value = vec4f(b[params.firstB + workgroup.z * params.batchB + kRow * params.columns4 + column]);
      }
      tileB[at] = value;
    }
//#end
    workgroupBarrier();
    for (var q = 0u; q < 4u; q++) {
//#for I 0 RM
      let a${I} = tileA[q * TILE_ROWS + ${LY * I}u + laneRow];
//#end
//#for C 0 4
      {
//#for J 0 RN
        let b${J} = tileB[(q * 4u + ${C}u) * TILE_COLUMNS + ${LX * J}u + laneColumn];
//#end
//#for I 0 RM
//#for J 0 RN
        sum${I}_${J} = fma(vec4f(a${I}.${xyzw(C)}), b${J}, sum${I}_${J});
//#end
//#end
      }
//#end
    }
    workgroupBarrier();
  }

//#for J 0 RN
  {
    let column = column0 + ${LX * J}u + laneColumn;
    if (column < params.columns4) {
      let tap = column / params.tapColumns;
      let channel = (column - tap * params.tapColumns) * 4u;
      let bias4 = bias_of(channel);
      let first = workgroup.z * params.batchY + (tap / params.tapWidth) * params.tapRow +
        (tap % params.tapWidth) * params.tapColumns + channel / 4u;
//#for I 0 RM
      {
        let row = start + ${LY * I}u + laneRow;
        if (row < used) {
          let line = row / params.outputWidth;
          let goal = first + line * params.outRow + (row - line * params.outputWidth) * params.outColumn;
          var sum = sum${I}_${J} + bias4;
          if (params.hasResidual != 0u) {
            sum += residual[goal];
          }
          if (params.accumulate != 0u) {
            sum += y[goal];
          }
          y[goal] = activate(sum, channel);
        }
      }
//#end
    }
  }
//#end
}
