import { describe, expect, it } from 'vitest';
import type { Contestant } from '../../src/bench/measure';
import type { BenchModel } from '../../src/bench/model';
import type { Peer } from '../../src/bench/peers/peer';
import { reportAsJson, reportAsText, type ModelReport } from '../../src/bench/report';
import { runModel } from '../../src/bench/run_model';
import { InputError } from '../../src/errors';
import type { GpuDevice } from '../../src/gpu/device';

const released: string[] = [];

function contestant(name: string, milliseconds: number, more: Partial<Contestant> = {}): Contestant {
  return {
    name,
    adapter: 'Some GPU',
    run: async () => ({ milliseconds, result: { loss: [milliseconds] } }),
    release: async () => {
      released.push(name);
    },
    ...more,
  };
}

const work = { dispatches: 12, gpuMs: 9, hostMs: 1, bytes: 5e6 };
let profiles = 0;

function coldStart(): number {
  throw new Error('the first result of toy in a new process failed: no adapter');
}

const model: BenchModel = {
  id: 'toy',
  title: 'a toy',
  task: 'training',
  weights: null,
  load: () =>
    contestant('mask-engine', 10, {
      // the first one is slower
      profile: async () => (profiles++ === 0 ? { ...work, hostMs: 100 } : work),
    }),
  peerInputs: () => new Map(),
  peerOutputs: ['loss'],
  compare: (ours, theirs) => `${ours.loss[0]} against ${theirs.loss[0]}`,
};

function peer(id: Peer['id'], start: Peer['start'], lacks: string | null = null): Peer {
  return { id, lacks: () => lacks, start };
}

const PEERS = [
  peer('onnxruntime-cpu', () => Promise.reject(new Error('must not be asked')), 'it is for inference'),
  peer('onnxruntime-webgpu', () => Promise.reject(new InputError('the package x is not installed: run `npm ci`'))),
  peer('torchvision', async () => [
    contestant('torchvision, CPU', 25, { adapter: null }),
    contestant('torchvision, GPU', 5, { run: () => Promise.reject(new Error('out of memory')) }),
  ]),
  peer('tfjs-webgpu', async () => [contestant('TensorFlow.js', 40, { adapter: 'Other GPU' })]),
];

async function report(): Promise<ModelReport> {
  return runModel(model, {} as GpuDevice, PEERS, { runs: 2, peerRuns: 1, coldStart, tell: () => undefined });
}

const adapter = { name: 'Some GPU', driver: 'driver 1', software: false };
const machine = { engine: '1', node: '20', processor: 'P', cores: 2, load: 0.5, adapter };

describe('a model beside its peers', () => {
  it('names the peers that are not there or fail, and times the others', async () => {
    const { timings, absent, agreement, ...rest } = await report();
    expect(timings.map(({ name, runsMs }) => [name, runsMs])).toEqual([
      ['mask-engine', [10, 10]],
      ['torchvision, CPU', [25]],
      ['TensorFlow.js', [40]],
    ]);
    expect(agreement).toEqual([null, '10 against 25', '10 against 40']);
    expect(absent).toEqual([
      { name: 'onnxruntime-cpu', reason: 'it is for inference' },
      { name: 'onnxruntime-webgpu', reason: 'the package x is not installed: run `npm ci`' },
      { name: 'torchvision, GPU', reason: 'out of memory' },
    ]);
    expect(rest).toEqual({
      id: 'toy',
      title: 'a toy',
      task: 'training',
      work,
      coldStartMs: null,
      coldStartFailure: null,
    });
    expect(released.sort()).toEqual(['TensorFlow.js', 'mask-engine', 'torchvision, CPU', 'torchvision, GPU']);
  });

  it('goes on without a cold start where the new process fails, and says so', async () => {
    const told: string[] = [];
    const settings = { runs: 1, peerRuns: 1, coldStart, tell: (text: string) => void told.push(text) };
    const made = await runModel({ ...model, task: 'inference' }, {} as GpuDevice, [], settings);
    const reason = 'the first result of toy in a new process failed: no adapter';
    expect(made).toMatchObject({ coldStartMs: null, coldStartFailure: reason });
    expect(told.at(-1)).toBe(`  ${reason}`);
    expect(reportAsText({ ...machine, models: [made] })).toContain(`\nmask-engine, cold start: none: ${reason}`);
    const timed = await runModel({ ...model, task: 'inference' }, {} as GpuDevice, [], {
      ...settings,
      coldStart: (id) => (id === 'toy' ? 12 : NaN),
    });
    expect(timed).toMatchObject({ coldStartMs: 12, coldStartFailure: null });
  });

  it('hands the tuner to the model', async () => {
    const tuner = { prepare: () => Promise.resolve(), variantOf: () => undefined };
    const seen: unknown[] = [];
    const load: BenchModel['load'] = (gpu, given) => {
      seen.push(given);
      return model.load(gpu, given);
    };
    const settings = { runs: 1, peerRuns: 1, tuner, coldStart, tell: () => undefined };
    await runModel({ ...model, load }, {} as GpuDevice, [], settings);
    expect(seen).toEqual([tuner]);
  });

  it('releases everyone where ours fails', async () => {
    released.length = 0;
    const broken = {
      ...model,
      load: () => contestant('mask-engine', 1, { run: () => Promise.reject(new Error('lost')) }),
    };
    const settings = { runs: 1, peerRuns: 1, coldStart, tell: () => undefined };
    await expect(runModel(broken, {} as GpuDevice, PEERS, settings)).rejects.toThrow('lost');
    expect(released).toHaveLength(4);
  });

  it('is printed with ratios, work, cold start and another device of a peer', async () => {
    const made = { ...machine, models: [{ ...(await report()), coldStartMs: 1234.5 }] };
    const text = reportAsText(made);
    expect(text).toMatch(/^torchvision, CPU +25.0 ms +25.0 ms +25.0 ms +25.0 ms +1 +2.50 x$/m);
    expect(text).toContain(
      'mask-engine, a step: 12 dispatches, 9.00 ms in them and 1.00 ms beside them (10.0 %), 5 MB moved\n' +
        'mask-engine, cold start: 1235 ms from the start of a new process to the first result\n' +
        'torchvision, CPU: 10 against 25\n' +
        'TensorFlow.js on ANOTHER ADAPTER, Other GPU: 10 against 40\n' +
        'onnxruntime-cpu took no part: it is for inference\n',
    );
    const { models } = JSON.parse(reportAsJson(made)) as { models: { contestants: Record<string, unknown>[] }[] };
    expect(Object.keys(models[0]).sort()).toEqual(
      ['absent', 'coldStartFailure', 'coldStartMs', 'contestants', 'id', 'task', 'title', 'work'].sort(),
    );
    expect(models[0].contestants.map(({ name, ratio }) => [name, ratio])).toEqual([
      ['mask-engine', 1],
      ['torchvision, CPU', 2.5],
      ['TensorFlow.js', 4],
    ]);
    const bare = { ...made.models[0], work: { ...work, gpuMs: null, hostMs: null, bytes: null } };
    expect(reportAsText({ ...made, models: [bare] })).toContain('12 dispatches (this adapter has no timestamps)');
  });
});
