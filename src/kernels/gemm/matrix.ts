import epilogueSource from '../../../shaders/gemm/epilogue.wgsl';
import innerSource from '../../../shaders/gemm/inner.wgsl';
import matrixSource from '../../../shaders/gemm/matrix.wgsl';
import rowsSource from '../../../shaders/gemm/rows.wgsl';
import type { SubgroupMatrixConfig } from '../../gpu/capabilities';
import { ShapeError, type Lowering, type Target } from '../op';
import { gemmCall, type GemmProblem } from './problem';

/** A workgroup's tile has so many rows and columns; each of its quarters is for one subgroup. */
export const MATRIX_TILE = 64;
const QUARTERS = 4;
/** Of the tile, copied by a workgroup: with more lanes some would have nothing to copy. */
const MOST_LANES = 256;

/** What the kernel is made for: fragments of M x N, products of K, tiles of `tileK`. */
export interface MatrixForm {
  readonly config: SubgroupMatrixConfig;
  readonly tileK: number;
  readonly lanes: number;
}

/**
 * The GEMM by subgroup matrices that a device can run, the one of the largest products; undefined where it has none that
 * will do. Sums are f32. A and B are f32, or, at precision f16 and preferred there, f16: then A is rounded as well.
 *
 * The workgroup has four subgroups of the largest size that the device may give it, for Dawn wants a multiple of that.
 * Where subgroups turn out smaller there are more of them; all copy, the first four multiply. Nothing else is taken of
 * how invocations make up subgroups: WGSL promises no order of them, so that the kernel goes by `subgroup_id`.
 */
export function matrixForm({ capabilities, precision }: Target): MatrixForm | undefined {
  const { subgroupMatrices, subgroupMaxSize, f16, maxWorkgroupSize, maxWorkgroupMemory } = capabilities;
  const lanes = QUARTERS * subgroupMaxSize;
  if (lanes === 0 || lanes > Math.min(MOST_LANES, maxWorkgroupSize)) {
    return undefined;
  }
  const types = precision === 'f16' && f16 ? ['f16', 'f32'] : ['f32'];
  const forms = subgroupMatrices.map((config) => ({ config, lanes, tileK: config.componentType === 'f16' ? 32 : 16 }));
  const usable = forms.filter(({ config, tileK }) => {
    const { componentType, resultComponentType, M, N, K } = config;
    const bytes = 2 * MATRIX_TILE * tileK * (componentType === 'f16' ? 2 : 4) + QUARTERS * M * 32 * 4;
    return (
      types.includes(componentType) &&
      resultComponentType === 'f32' &&
      32 % M === 0 &&
      32 % N === 0 &&
      tileK % K === 0 &&
      bytes <= maxWorkgroupMemory
    );
  });
  const size = ({ M, N, K }: SubgroupMatrixConfig): number => M * N * K;
  return usable.sort(
    ({ config: a }, { config: b }) =>
      types.indexOf(a.componentType) - types.indexOf(b.componentType) || size(b) - size(a),
  )[0];
}

/**
 * The product by subgroup matrices (`chromium-experimental-subgroup-matrix`, shaders/gemm/matrix.wgsl). It was never run on
 * hardware: tests run it with plain functions in place of the three functions on matrices, and have Dawn check the kernel with
 * them. So it is measured by the tuner, and never taken untried.
 * @throws ShapeError where the device has no subgroup matrices that will do
 */
export function dispatchMatrix(context: Lowering, problem: GemmProblem): void {
  const form = matrixForm(context);
  if (form === undefined) {
    throw new ShapeError('variant matrix needs subgroup matrices of f32, or at precision f16 of f16 with sums of f32');
  }
  const { config, lanes, tileK } = form;
  const { componentType, M, N, K } = config;
  const call = gemmCall(problem);
  context.dispatch({
    kernel: `gemm/matrix ${componentType} ${M}x${N}x${K}`,
    source: rowsSource + innerSource + epilogueSource + matrixSource,
    defines: { T: componentType, BT: call.bindings.b.element, M, N, K, KT: tileK, LANES: lanes, EMULATED: false },
    ...call,
    workgroups: [
      Math.ceil((problem.columns4 * 4) / MATRIX_TILE),
      Math.ceil(problem.rows / MATRIX_TILE),
      problem.batch?.size ?? 1,
    ],
  });
}
