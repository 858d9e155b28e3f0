import { describe, expect, test } from 'vitest';
import { CompiledGraph } from '../../src/graph/compile';
import { Graph } from '../../src/graph/graph';
import { ParameterStore } from '../../src/graph/parameters';
import { linear } from '../../src/kernels/linear';
import type { Precision } from '../../src/kernels/precision';
import { featureMap } from '../../src/kernels/tensor';
import { expectClose } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { testDevice, type OutputValues, type TestTensor } from '../helpers/gpu';
import { roundedToHalf } from '../helpers/half';
import { expectNoLeaks } from '../helpers/leaks';
import { gemmVariants } from './gemm_cases';
import { weightFixtures, type WeightFixture } from './gemm_fixtures';

expectNoLeaks();

/** The default, and a variant of each family that reads packed weights: the tiles read them alike. */
async function packedVariants(): Promise<(string | undefined)[]> {
  return (await gemmVariants()).filter((variant) => variant === undefined || /^(panel|tiled 32x32)$/.test(variant));
}

function run(fixture: WeightFixture, weight: TestTensor, variant: string | undefined, precision: Precision) {
  const [x, , ...others] = fixture.inputs;
  return fixture.run([x, weight, ...others], { precision, ...(variant === undefined ? {} : { variant }) });
}

/** The sum over k of |a| |b| for each element of the output. */
function sumOfMagnitudes({ inputs: [x, weight], run: runFixture }: WeightFixture): Promise<OutputValues> {
  const [magnitudes, weights] = [x!, weight!].map((tensor) => ({
    ...tensor,
    values: Float32Array.from(tensor.values, Math.abs),
  }));
  return runFixture([magnitudes, weights, null, null], { variant: 'plain', activation: 'none' });
}

describe('weights of f16', async () => {
  const { capabilities } = await testDevice();

  describe.skipIf(!capabilities.f16)('on a device with shader-f16', () => {
    for (const fixture of weightFixtures()) {
      const weight = fixture.inputs[1]!;

      // Activations are at most as steep as 1, so that what the weights' rounding moves a sum by bounds the output's error.
      test(`${fixture.name}: within 2^-11 of the sum of magnitudes of PyTorch's values`, async () => {
        const { values: magnitudes } = await sumOfMagnitudes(fixture);
        const slack = 1e-5 * fixture.expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        for (const variant of await packedVariants()) {
          const { values } = await run(fixture, weight, variant, 'f16');
          expect(values.length).toBe(fixture.expected.length);
          values.forEach((value, i) => {
            if (!(Math.abs(value - fixture.expected[i]) <= 2 ** -11 * magnitudes[i] + slack)) {
              expect.fail(`${variant ?? 'default'}: element ${i} is ${value}, expected ${fixture.expected[i]}`);
            }
          });
        }
      });

      test(`${fixture.name}: as f32 on weights that are rounded beforehand`, async () => {
        const rounded = { ...weight, values: roundedToHalf(weight.values) };
        const { values: expected } = await run(fixture, rounded, 'plain', 'f32');
        for (const variant of await packedVariants()) {
          const { values } = await run(fixture, weight, variant, 'f16');
          expectClose(values, expected, 1e-5, variant ?? 'default');
        }
      });
    }

    test('small, subnormal and too large weights', async () => {
      const weights = [1e-4, 2 ** -14, 3e-5, 1e-6, 2 ** -24, 2 ** -26, 0, -1e-6, 65504, 65519, 1e6, -1e30];
      const x = { spec: featureMap([1, 4]), values: Float32Array.of(1, 0, 0, 0) };
      const values = new Float32Array(weights.length * 4);
      weights.forEach((weight, i) => (values[i * 4] = weight));
      const expected = roundedToHalf(weights.map((weight) => Math.max(-65504, Math.min(65504, weight))));
      const fixture = weightFixtures().find(({ name }) => name.startsWith('linear'))!;
      const weight: TestTensor = { spec: { ...fixture.inputs[1]!.spec, shape: [12, 4] }, values, parameter: true };
      for (const variant of await packedVariants()) {
        const options = {
          precision: 'f16',
          activation: 'none',
          ...(variant === undefined ? {} : { variant }),
        } as const;
        const y = await fixture.run([x, weight, null], options);
        y.values.forEach((value, i) => {
          expect(Math.abs(value - expected[i]), `${variant ?? 'default'}, ${weights[i]}`).toBeLessThanOrEqual(
            2 ** -11 * Math.abs(expected[i]),
          );
        });
      }
    });

    test('they take half the memory, and plans of both precisions share a store', async () => {
      const gpu = await testDevice();
      const store = new ParameterStore(gpu, new Map([['weight', formula(512 * 256, 1)]]));
      const compile = async (precision: Precision): Promise<{ compiled: CompiledGraph; bytes: number }> => {
        const before = gpu.memory.live;
        const graph = new Graph();
        const weight = graph.parameter('weight', [512, 256]);
        const x = graph.input('x', featureMap([4, 256]));
        graph.output('y', graph.apply1(linear, [x, weight, null], { activation: 'none' }));
        const compiled = await CompiledGraph.create(graph, store, { label: precision, precision });
        return { compiled, bytes: gpu.memory.live - before };
      };
      const plans = [await compile('f32'), await compile('f16')];
      expect(plans[0].bytes - plans[1].bytes).toBe(512 * 256 * 2);
      const x = formula(4 * 256, 2);
      const [full, half] = await Promise.all(plans.map(({ compiled }) => compiled.run({ x })));
      const values = [full, half].map(({ outputs }) => new Float32Array(outputs.get('y')!));
      expectClose(values[1], values[0], 2e-3, 'f16 and f32');
      expect(values[1]).not.toEqual(values[0]);
      plans.forEach(({ compiled }) => compiled.release());
      store.release();
    });

    test('weights that change from run to run stay f32', async () => {
      const [fixture] = weightFixtures().filter(({ name }) => name.startsWith('linear'));
      const weight = { ...fixture.inputs[1]!, parameter: false };
      const { values } = await run(fixture, weight, undefined, 'f16');
      expect(values).toEqual((await run(fixture, weight, undefined, 'f32')).values);
    });
  });

  test('a device without shader-f16 says so, and what to do', async () => {
    const gpu = await testDevice();
    const device = Object.create(gpu, { capabilities: { value: { ...capabilities, f16: false } } }) as typeof gpu;
    const options = { label: 'test', precision: 'f16' } as const;
    await expect(CompiledGraph.create(new Graph(), new ParameterStore(device, new Map()), options)).rejects.toThrow(
      /shader-f16.*take precision f32/,
    );
  });
});
