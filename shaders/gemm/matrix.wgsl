// Implicit GEMM by subgroup matrices: a workgroup computes a tile of 64 rows and 64 columns, each of its first four subgroups
// a quarter of 32 x 32 in fragments of ${M} x ${N}, over tiles of ${KT} k in workgroup memory, which hold ${T}. All lanes copy the
// tiles and write the sums out, so any subgroups will do: four, as the workgroup is made for, or more where they are smaller.
// A and its k axis are as in panel.wgsl.
const TILE_ROWS = 64u;
const TILE_COLUMNS = 16u; // vec4s
const SIDE = 32u;

var<workgroup> tileA: array<${T}, ${64 * KT}>; // rows of k
var<workgroup> tileB: array<${T}, ${64 * KT}>; // k rows of columns
var<workgroup> sums: array<f32, ${4 * M * 32}>; // a line of fragments of each quarter: ${M} rows of 32 columns

//#if EMULATED
// The same three functions without subgroup matrices, so that everything else can be run anywhere. A fragment of A or B is the
// place in workgroup memory that it would be loaded from: nothing is written there before it is used. A fragment of sums is a
// place too, in memory that begins as zeros; its elements are dealt out to the lanes of the subgroup, as they are by hardware.
alias Left = u32;
alias Right = u32;
alias Sums = u32;
var<workgroup> fragments: array<f32, 4096>;
var<private> lane: u32;
var<private> lanes: u32;

fn load_left(offset: u32) -> Left {
  return offset;
}

fn load_right(offset: u32) -> Right {
  return offset;
}

fn multiply_add(left: Left, right: Right, sum: Sums) -> Sums {
  // a bound that compilers do not see through: unrolled, this takes llvmpipe minutes
  let depth = ${K}u * min(lanes, 1u);
  for (var i = lane; i < ${M * N}u; i += lanes) {
    var element = fragments[sum + i];
    for (var k = 0u; k < depth; k++) {
      element += f32(tileA[left + i / ${N}u * ${KT}u + k]) * f32(tileB[right + k * 64u + i % ${N}u]);
    }
    fragments[sum + i] = element;
  }
  return sum;
}

fn store(offset: u32, sum: Sums) {
  for (var i = lane; i < ${M * N}u; i += lanes) {
    sums[offset + i / ${N}u * SIDE + i % ${N}u] = fragments[sum + i];
  }
}
//#else
alias Left = subgroup_matrix_left<${T}, ${K}, ${M}>;
alias Right = subgroup_matrix_right<${T}, ${N}, ${K}>;
alias Sums = subgroup_matrix_result<f32, ${N}, ${M}>;

fn load_left(offset: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&tileA, offset, ${KT}u);
}

fn load_right(offset: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&tileB, offset, 64u);
}

fn multiply_add(left: Left, right: Right, sum: Sums) -> Sums {
  return subgroupMatrixMultiplyAccumulate(left, right, sum);
}

fn store(offset: u32, sum: Sums) {
  subgroupMatrixStore<row_major>(&sums, offset, sum, SIDE);
}
//#end

@compute @workgroup_size(${LANES})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
//#if EMULATED
  @builtin(subgroup_invocation_id) subgroupLane: u32,
  @builtin(subgroup_size) subgroupSize: u32,
//#end
) {
//#if EMULATED
  lane = subgroupLane;
  lanes = subgroupSize;
//#end
  let used = rows_in_use();
  let start = workgroup.y * TILE_ROWS;
  if (start >= used) {
    return;
  }
  let column0 = workgroup.x * TILE_COLUMNS;
  let k = k_in_use();
  let k4 = (k + 3u) / 4u;
  let loadK = local % ${KT / 4}u;

  // the rows whose windows this invocation copies into tileA
//#for L 0 16 * KT / LANES
  let row${L} = start + local / ${KT / 4}u + ${4 * LANES / KT * L}u;
  let line${L} = row${L} / params.outputWidth;
  let image${L} = line${L} / params.outputHeight;
  // rows that are not in use: a line outside every image
  let windowY${L} = select(0x3fffffff, i32((line${L} - image${L} * params.outputHeight) * params.strideY) - params.paddingY,
    row${L} < used);
  let windowX${L} = i32((row${L} - line${L} * params.outputWidth) * params.strideX) - params.paddingX;
  let image0${L} = workgroup.z * params.batchA + image${L} * params.inputHeight * params.inputWidth * params.c4;
//#end

  let quarterRow = subgroup / 2u * SIDE;
  let quarterColumn = subgroup % 2u * SIDE;
//#for I 0 32 / M
//#for J 0 32 / N
//#if EMULATED
  var sum${I}_${J} = subgroup * 1024u + ${(I * 32 / N + J) * M * N}u;
//#else
  var sum${I}_${J}: Sums;
//#end
//#end
//#end

  for (var k0 = 0u; k0 < k4; k0 += ${KT / 4}u) {
    let at = k0 + loadK;
    let tap = at / params.c4;
    let tapY = tap / params.kernelWidth;
    let dy = i32(tapY * params.dilationY);
    let dx = i32((tap - tapY * params.kernelWidth) * params.dilationX);
    let c = at - tap * params.c4;
//#for L 0 16 * KT / LANES
    {
      let y = u32(windowY${L} + dy);
      let x = u32(windowX${L} + dx);
      var value = vec4f();
      if (at < k4 && y < params.inputHeight && x < params.inputWidth) {
        value = a[image0${L} + (y * params.inputWidth + x) * params.c4 + c];
      }
//#if T == 'f16'
      let stored = vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0)));
//#else
      let stored = value;
//#end
      let first = (local / ${KT / 4}u + ${4 * LANES / KT * L}u) * ${KT}u + loadK * 4u;
//#for C 0 4
      tileA[first + ${C}u] = stored.${xyzw(C)};
//#end
    }
//#end
//#for L 0 16 * KT / LANES
    {
      let at = local + ${LANES * L}u;
      let kRow = k0 * 4u + at / TILE_COLUMNS;
      let column = column0 + at % TILE_COLUMNS;
      var value = ${BT}();
      if (kRow < k && column < params.columns4) {
        value = b[params.firstB + workgroup.z * params.batchB + kRow * params.columns4 + column];
      }
//#if T == 'f16' && BT == 'vec4f'
      let stored = vec4h(clamp(value, vec4f(-65504.0), vec4f(65504.0)));
//#elif T == 'f16'
      let stored = value;
//#else
      let stored = vec4f(value);
//#end
//#for C 0 4
      tileB[at * 4u + ${C}u] = stored.${xyzw(C)};
//#end
    }
//#end
    workgroupBarrier();
    if (subgroup < 4u) {
//#for Q 0 KT / K
      {
//#for J 0 32 / N
        let right${J} = load_right(${Q * K * 64 + J * N}u + quarterColumn);
//#end
//#for I 0 32 / M
        {
          let left = load_left((${I * M}u + quarterRow) * ${KT}u + ${Q * K}u);
//#for J 0 32 / N
          sum${I}_${J} = multiply_add(left, right${J}, sum${I}_${J});
//#end
        }
//#end
      }
//#end
    }
    workgroupBarrier();
  }

  // a line of fragments at a time, for want of workgroup memory
//#for I 0 32 / M
  if (subgroup < 4u) {
//#for J 0 32 / N
    store(subgroup * ${M * 32}u + ${J * N}u, sum${I}_${J});
//#end
  }
  workgroupBarrier();
  for (var at = local; at < ${4 * M * 8}u; at += ${LANES}u) {
    let quarter = at / ${M * 8}u;
    let row = start + quarter / 2u * SIDE + ${I * M}u + at % ${M * 8}u / 8u;
    let column = column0 + quarter % 2u * 8u + at % 8u;
    if (row < used && column < params.columns4) {
      write_sum(workgroup.z, row, column, vec4f(sums[at * 4u], sums[at * 4u + 1u], sums[at * 4u + 2u], sums[at * 4u + 3u]));
    }
  }
//#if I + 1 < 32 / M
  workgroupBarrier();
//#end
//#end
}

fn write_sum(batch: u32, row: u32, column: u32, product: vec4f) {
  let tap = column / params.tapColumns;
  let channel = (column - tap * params.tapColumns) * 4u;
  let line = row / params.outputWidth;
  let goal = batch * params.batchY + line * params.outRow + (row - line * params.outputWidth) * params.outColumn +
    (tap / params.tapWidth) * params.tapRow + (tap % params.tapWidth) * params.tapColumns + channel / 4u;
  var sum = product + bias_of(channel);
  if (params.hasResidual != 0u) {
    sum += residual[goal];
  }
  if (params.accumulate != 0u) {
    sum += y[goal];
  }
  y[goal] = activate(sum, channel);
}
