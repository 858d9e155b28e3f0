import { beforeAll, describe, expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device';
import { ParameterStore } from '../../src/graph/parameters';
import { StateStore } from '../../src/graph/states';
import { Lbfgs, lbfgsSlots, type LbfgsSettings } from '../../src/train/lbfgs';
import { GRADIENTS, PARAMETERS } from '../../src/train/optimizers';
import { LAYOUT, LENGTHS, paddingOf, tensorsOf } from '../helpers/arenas';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { testDevice } from '../helpers/gpu';

const STEPS = 20;
const COUNT = LENGTHS.reduce((a, b) => a + b);
const TARGETS = formula(COUNT, 50);
const WEIGHTS = Float64Array.from(formula(COUNT, 51), (value) => 1 + 4 * Math.abs(value));

interface Case {
  readonly settings: LbfgsSettings;
  readonly ripple: number;
  readonly learningRate: number;
  readonly iterations: number;
  readonly evaluations: number;
}

/** The objective of test/reference/ops/lbfgs.py, and its gradient. */
function objective(x: readonly number[], ripple: number): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(x.length);
  let loss = 0;
  x.forEach((value, i) => {
    const d = value - TARGETS[i];
    loss += (WEIGHTS[i] * d ** 2) / 2 + d ** 4 / 4 + ripple * Math.cos(5 * value);
    gradient[i] += WEIGHTS[i] * d + d ** 3 - 5 * ripple * Math.sin(5 * value);
    if (i > 0) {
      const jump = value - x[i - 1];
      loss += jump ** 2;
      gradient[i] += 2 * jump;
      gradient[i - 1] -= 2 * jump;
    }
  });
  return { loss, gradient };
}

/** L-BFGS on a device of its own states, with the objective computed by the host. */
class Training {
  readonly states: StateStore;
  readonly lbfgs: Lbfgs;
  private readonly store: ParameterStore;

  constructor(
    gpu: GpuDevice,
    settings: LbfgsSettings,
    private readonly ripple: number,
  ) {
    this.states = new StateStore(gpu);
    [PARAMETERS, GRADIENTS, ...lbfgsSlots(settings)].forEach((name) =>
      this.states.addArena(name, LAYOUT, `${name} of `),
    );
    LENGTHS.forEach((length, i) => this.states.write(`${PARAMETERS} of ${i}`, formula(length, 1 + i)));
    this.store = new ParameterStore(gpu, new Map());
    this.lbfgs = new Lbfgs(this.store, this.states, LAYOUT, settings);
  }

  /** @returns the loss before the step */
  step(learningRate: number): Promise<number> {
    return this.lbfgs.step(async () => {
      const { loss, gradient } = objective(tensorsOf(await this.arena(PARAMETERS)), this.ripple);
      let first = 0;
      LENGTHS.forEach((length, i) => {
        this.states.write(`${GRADIENTS} of ${i}`, new Float32Array(gradient.subarray(first, first + length)));
        first += length;
      });
      return loss;
    }, learningRate);
  }

  arena(name: string): Promise<Float32Array[]> {
    return this.states.read(LAYOUT.chunks.map((_, i) => `${name}/${i}`));
  }

  release(): void {
    this.lbfgs.release();
    this.store.release();
    this.states.release();
  }
}

let gpu: GpuDevice;
beforeAll(async () => {
  gpu = await testDevice();
});

describe('L-BFGS as torch.optim.LBFGS, over 20 steps', () => {
  test.each(fixtures<Case>('lbfgs').map((c) => [c.name, c] as const))('%s', async (_, { attributes, outputs }) => {
    const { settings, ripple, learningRate, iterations, evaluations } = attributes;
    const before = { live: gpu.memory.live, count: gpu.memory.count };
    const training = new Training(gpu, settings, ripple);
    const losses: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      losses.push(await training.step(learningRate));
      if (step === 0 || step === STEPS - 1) {
        const name = step === 0 ? 'first' : 'last';
        const chunks = await training.arena(PARAMETERS);
        expectClose(tensorsOf(chunks), outputs[name].data, 1e-5, `parameters, ${name} step`);
        expectSame(paddingOf(chunks), new Float32Array(paddingOf(chunks).length), 'padding');
      }
    }
    losses.forEach((loss, step) => expectClose([loss], [outputs.losses.data[step]], 1e-5, `loss of step ${step}`));
    expect([training.lbfgs.state.iterations, training.lbfgs.state.evaluations]).toEqual([iterations, evaluations]);
    training.release();
    expect({ live: gpu.memory.live, count: gpu.memory.count }).toEqual(before);
  });
});

test('the same bits after a stop and a start', async () => {
  const settings: LbfgsSettings = { type: 'lbfgs', maxIterations: 2, historySize: 3, lineSearch: 'strong_wolfe' };
  const whole = new Training(gpu, settings, 0.05);
  for (let step = 0; step < 6; step++) {
    await whole.step(1);
  }
  const expected = await whole.arena(PARAMETERS);
  whole.release();

  const first = new Training(gpu, settings, 0.05);
  for (let step = 0; step < 4; step++) {
    await first.step(1);
  }
  const arenas = [PARAMETERS, ...lbfgsSlots(settings)];
  const saved = arenas.flatMap((name) => LAYOUT.chunks.map((_, i) => `${name}/${i}`));
  const values = await first.states.read(saved);
  const state = JSON.stringify(first.lbfgs.state);
  first.release();
  const second = new Training(gpu, settings, 0.05);
  saved.forEach((name, i) => second.states.write(name, values[i] as Float32Array<ArrayBuffer>));
  second.lbfgs.restore(JSON.parse(state) as typeof second.lbfgs.state);
  for (let step = 4; step < 6; step++) {
    await second.step(1);
  }
  const bits = (chunks: readonly Float32Array[]): number[] =>
    chunks.flatMap((chunk) => [...new Uint32Array(chunk.buffer, chunk.byteOffset, chunk.length)]);
  expectSame(bits(await second.arena(PARAMETERS)), bits(expected));
  second.release();
});
