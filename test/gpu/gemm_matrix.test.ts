import { createRequire } from 'node:module';
import type * as Dawn from 'webgpu';
import { describe, expect, test } from 'vitest';
import type { Capabilities, SubgroupMatrixConfig } from '../../src/gpu/capabilities';
import { GpuDevice } from '../../src/gpu/device';
import { Graph } from '../../src/graph/graph';
import { lowerGraph } from '../../src/graph/lower';
import { convWeightGradient, type ConvWeightGradientAttributes } from '../../src/kernels/conv/weight_gradient';
import { gemmCandidates } from '../../src/kernels/gemm/variants';
import { matmul } from '../../src/kernels/matmul';
import type { Op, OpKernelCall } from '../../src/kernels/op';
import type { Precision } from '../../src/kernels/precision';
import { featureMap, product } from '../../src/kernels/tensor';
import { conv } from '../../src/models/layers';
import { asOn } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp, testDevice, type TestTensor } from '../helpers/gpu';
import { roundedToHalf } from '../helpers/half';
import { expectNoLeaks } from '../helpers/leaks';
import { expectStored, map } from '../kernels/gemm_cases';
import { weightFixtures } from '../kernels/gemm_fixtures';

// Not among the tests of kernels, which run in a browser too: Dawn's device that runs nothing is Node's alone.

const F32: SubgroupMatrixConfig = { componentType: 'f32', resultComponentType: 'f32', M: 8, N: 8, K: 8 };
const F16: SubgroupMatrixConfig = { ...F32, componentType: 'f16', M: 16, N: 16, K: 16 };

interface MatrixDevice {
  readonly precision: Precision;
  readonly changes: Partial<Capabilities>;
}

function device(config: SubgroupMatrixConfig, subgroupMaxSize: number): MatrixDevice {
  const changes = { software: false, subgroupSize: 0, subgroupMaxSize, subgroupMatrices: [config] };
  return { precision: config.componentType as Precision, changes };
}

const nvidia = device(F16, 32);

/** Configurations as Apple, NVIDIA and Intel have them, and one of three different sizes. */
const DEVICES: [string, MatrixDevice][] = [
  ['f32 8x8x8, subgroups of 8', device(F32, 8)],
  ['f32 8x8x8, subgroups up to 64', device(F32, 64)],
  ['f16 16x16x16, subgroups up to 32', nvidia],
  ['f16 8x16x16, subgroups up to 16', device({ ...F16, M: 8 }, 16)],
  ['f16 16x8x32, subgroups up to 32', device({ ...F16, N: 8, K: 32 }, 32)],
];

/** The op as on a device with subgroup matrices, plain functions in their place. */
function emulated<A>(op: Op<A>, { changes }: MatrixDevice): Op<A> {
  const other = asOn(op, changes);
  return {
    ...other,
    forward: (context, ...rest) => {
      const dispatch = (call: OpKernelCall): void => {
        const isMatrix = call.kernel.startsWith('gemm/matrix');
        context.dispatch(isMatrix ? { ...call, defines: { ...call.defines, EMULATED: true } } : call);
      };
      other.forward({ ...context, dispatch }, ...rest);
    },
  };
}

/** What the products are made of. */
function rounded<T extends TestTensor | null>(tensor: T, precision: Precision): T {
  return tensor === null || precision === 'f32' ? tensor : { ...tensor, values: roundedToHalf(tensor.values) };
}

expectNoLeaks();

describe('GEMM by subgroup matrices, emulated', async () => {
  const { capabilities } = await testDevice();

  // these two are long, and nothing but more of the same
  const cases = weightFixtures().filter(({ name }) => !/several runs|long rows/.test(name));

  describe.skipIf(capabilities.subgroupSize === 0)('on subgroups', () => {
    describe.each(DEVICES)('%s', (_, target) => {
      const { precision } = target;
      const on = <A>(op: Op<A>): Op<A> => emulated(op, target);

      test.for(cases)('$name', async ({ inputs: [x, weight, ...others], expected, run }, { skip }) => {
        skip(precision === 'f16' && !capabilities.f16);
        const y = await run([x, weight, ...others], { on, variant: 'matrix', precision, stored: true });
        // of products of two numbers of 11 bits each, their errors of either sign
        expectStored(y, expected, precision === 'f32' ? 1e-4 : 2e-3, 'PyTorch');
        if (precision === 'f16') {
          const plain = await run([rounded(x, precision), rounded(weight, precision), ...others], { variant: 'plain' });
          expectStored(y, plain.values as Float32Array, 1e-5, 'rounded beforehand');
        }
      });

      // a B that is not packed is rounded by the kernel itself, the same way whatever the sizes
      const products = precision === 'f32' || target === nvidia ? fixtures<MatmulCase>('matmul') : [];
      test.for(products)('matmul: $name', async ({ attributes: c, outputs }, { skip }) => {
        skip(precision === 'f16' && !capabilities.f16);
        const [a, b] = [c.a, c.b].map((shape, i) => {
          return { spec: featureMap(shape), values: formula(product(shape), i + 1) };
        });
        const attributes = { transposeA: c.transposeA, transposeB: c.transposeB };
        const options = { variant: 'matrix', precision, stored: true };
        const [y] = await runOp(on(matmul), [a, b], attributes, options);
        const tensors = [rounded(a, precision), rounded(b, precision)];
        const [plain] = await runOp(matmul, tensors, attributes, { variant: 'plain' });
        const expected = precision === 'f32' ? outputs.y.data : plain.values;
        expectStored(y, expected as Float32Array, precision === 'f32' ? 1e-4 : 1e-5, 'y');
      });
    });

    const [[, usual]] = DEVICES;

    test('only the rows in use are computed', async () => {
      const { inputs, expected, run } = cases.find(({ name }) => name === 'linear: matrix, many rows')!;
      const [x, ...others] = inputs;
      const columns = inputs[1]!.spec.shape[0];
      for (const count of [0, 1, 67]) {
        const on = <A>(op: Op<A>): Op<A> => emulated(op, usual);
        const y = await run([{ ...x!, count }, ...others], { on, variant: 'matrix' });
        const used = count * columns;
        expectClose(y.values.subarray(0, used), expected.subarray(0, used), 1e-4, `${count} rows`);
        // the test's memory is fresh, hence zero, and sigmoid is not
        const rest = y.values.subarray(used);
        expectSame(rest, new Float32Array(rest.length), `${count} rows, the others`);
      }
    });

    test.each([undefined, 3])('a weight gradient over several runs of pixels, of %s images in use', async (count) => {
      const x = map([4, 68, 90, 87], 1);
      const dy = { ...map([4, 5, 90, 87], 9), ...(count === undefined ? {} : { count }) };
      const pair = [1, 1] as [number, number];
      const attributes: ConvWeightGradientAttributes = {
        ...{ stride: pair, padding: pair, dilation: pair, groups: 1, kernel: [3, 3] },
      };
      const [expected] = await runOp(convWeightGradient, [x, dy], attributes, { variant: 'plain' });
      const [actual] = await runOp(emulated(convWeightGradient, usual), [x, dy], attributes, { variant: 'matrix' });
      expectClose(actual.values, expected.values, 1e-4);
    });
  });

  describe('where it is a candidate', () => {
    const candidates = ({ precision, changes }: MatrixDevice, rows = 1000, more: Partial<Capabilities> = {}) =>
      gemmCandidates({ capabilities: { ...capabilities, f16: true, ...changes, ...more }, precision }, rows, 256);

    test.each(DEVICES)('%s', (_, target) => {
      expect(candidates(target)).toContain('matrix');
      expect(candidates(target)[0]).not.toBe('matrix');
      expect(candidates(target, 8)).not.toContain('matrix');
    });

    test('not with f16 at precision f32, sums of f16, sizes that do not fit, or too large subgroups', () => {
      expect(candidates({ ...nvidia, precision: 'f32' })).not.toContain('matrix');
      expect(candidates(nvidia, 1000, { f16: false })).not.toContain('matrix');
      expect(candidates(device({ ...F16, resultComponentType: 'f16' }, 32))).not.toContain('matrix');
      expect(candidates(device({ ...F16, M: 12 }, 32))).not.toContain('matrix');
      expect(candidates(device(F16, 128))).not.toContain('matrix');
      expect(candidates(nvidia, 1000, { subgroupMatrices: [] })).not.toContain('matrix');
    });

    test('a device without subgroup matrices says so', async () => {
      const inputs = [map([4, 4], 1), map([4, 4], 2)];
      const attributes = { transposeA: false, transposeB: false };
      const options = { variant: 'matrix' };
      const op = asOn(matmul, { subgroupMatrices: [] });
      await expect(runOp(op, inputs, attributes, options)).rejects.toThrow(/matrix needs subgroup matrices/);
    });
  });
});

interface MatmulCase {
  readonly a: number[];
  readonly b: number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Dawn's device that checks everything and runs nothing. It lists the feature, but no configuration. */
async function nullDevice(): Promise<GpuDevice> {
  const { create } = createRequire(import.meta.url)('webgpu') as typeof Dawn;
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  return GpuDevice.open({ gpu, wait: (promise) => promise });
}

/** The kernels of a convolution with constant weights and of a product of two activations. */
function matrixCalls(gpu: GpuDevice, { changes, precision }: MatrixDevice): OpKernelCall[] {
  const graph = new Graph();
  const x = graph.input('x', featureMap([1, 20, 24, 64]));
  graph.output('y', conv(graph, x, 'conv', 96, 3, { padding: 1 }));
  const a = graph.input('a', featureMap([2, 100, 64]));
  graph.output('z', graph.apply1(matmul, [a, a], { transposeA: false, transposeB: true }));
  const capabilities = { ...gpu.capabilities, ...changes };
  const { calls } = lowerGraph(
    graph,
    capabilities,
    () => 'matrix',
    () => false,
    precision,
  );
  return calls.map(({ call }) => call).filter(({ kernel }) => kernel.startsWith('gemm/matrix'));
}

describe('GEMM by subgroup matrices, as Dawn checks it', () => {
  const large = DEVICES.filter(([, { changes }]) => (changes.subgroupMaxSize ?? 0) >= 32);

  test.each(large)('%s', async (_, target) => {
    const gpu = await nullDevice();
    const calls = matrixCalls(gpu, target);
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      await gpu.pipeline(call, 'test');
    }
    gpu.check();
    gpu.close();
  });

  test('Dawn does refuse what is wrong', async () => {
    const gpu = await nullDevice();
    const [call] = matrixCalls(gpu, nvidia);
    const wrong = { ...call, source: call.source.replace('subgroup_matrix_left', 'subgroup_matrix_right') };
    await expect(gpu.pipeline(wrong, 'test')).rejects.toThrow(/subgroupMatrixMultiplyAccumulate/);
    // subgroups of this device have up to 128 lanes
    const [narrow] = matrixCalls(gpu, device(F32, 8));
    await expect(gpu.pipeline(narrow, 'test')).rejects.toThrow(/multiple of the device maxSubgroupSize/);
    gpu.close();
  });
});
