import { expect, test } from 'vitest';
import { kernelCases, type KernelCase } from '../../../src/bench/kernels/cases';
import { fmaFlops, fmaProbe, measureCeilings, type FmaAttributes } from '../../../src/bench/kernels/probes';
import { timeCase, workOf } from '../../../src/bench/kernels/time_case';
import { workloadNodes, type Workload } from '../../../src/bench/kernels/workloads';
import { timeCopies } from '../../../src/gpu/copy_timing';
import { dense } from '../../../src/kernels/tensor';
import { runOp, testDevice } from '../../helpers/gpu';
import { expectNoLeaks } from '../../helpers/leaks';
import { TINY_SETTINGS } from '../../helpers/tiny_training';

expectNoLeaks();

test('the probe of arithmetic does as many multiply-adds as it states', async () => {
  const attributes: FmaAttributes = { lanes: 8, workgroups: 2, chains: 3, iterations: 1 };
  const [{ values }] = await runOp(fmaProbe, [{ spec: dense([4]), values: new Float32Array(4) }], attributes);
  // x -> x / 2 + 1 brings x to 2 + (x - 2) / 2^n in n steps, without rounding; chain c of lane i begins at i + c
  const stepsOfAChain = 16;
  for (let lane = 0; lane < 16; lane++) {
    const expected = [0, 1, 2].reduce((sum, chain) => sum + 2 + (lane + chain - 2) / 2 ** stepsOfAChain, 0);
    expect([...values.subarray(lane * 4, lane * 4 + 4)]).toEqual(Array(4).fill(expected));
  }
  expect(fmaFlops(attributes)).toBe(16 * 3 * stepsOfAChain * 4 * 2);
});

test('the ceilings of a device are positive figures', async () => {
  const ceilings = await measureCeilings(await testDevice(), 1, 2 ** 20);
  for (const ceiling of Object.values(ceilings)) {
    expect(ceiling).toBeGreaterThan(0);
    expect(ceiling).toBeLessThan(1e7);
  }
});

test('copies of buffers take longer the larger they are', async () => {
  const gpu = await testDevice();
  const [small, large] = [await timeCopies(gpu, 2 ** 12, 2), await timeCopies(gpu, 2 ** 24, 2)];
  expect(small).toBeGreaterThan(0);
  expect(large).toBeGreaterThan(small);
});

const TINY: Workload = {
  id: 'tiny',
  title: 'tiny',
  config: 'mask_rcnn_tiny_particles',
  settings: TINY_SETTINGS,
  height: 64,
  width: 96,
};

test('every op of a model runs alone, in inference and in training, on the values made for it', async () => {
  const gpu = await testDevice();
  const firstOfOp = new Map<string, KernelCase>();
  for (const { occurrences } of kernelCases(workloadNodes(TINY, gpu.capabilities.maxBindingSize))) {
    for (const { case: one } of occurrences) {
      firstOfOp.set(one.node.op.name, firstOfOp.get(one.node.op.name) ?? one);
    }
  }
  expect(firstOfOp.size).toBeGreaterThan(40);
  for (const [op, one] of firstOfOp) {
    const { dispatches, bytes, kernels } = workOf(one, gpu.capabilities);
    expect(dispatches, op).toBeGreaterThan(0);
    expect(kernels.length, op).toBeGreaterThan(0);
    expect(bytes, op).toBeGreaterThan(0);
    const { milliseconds } = await timeCase(gpu, one, 1);
    expect(milliseconds, op).toHaveLength(1);
    expect(milliseconds[0], op).toBeGreaterThan(0);
    expect(milliseconds[0], op).toBeLessThan(60_000);
  }
});
