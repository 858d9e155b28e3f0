import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../../src/bench/peers/python';
import { engine } from './engine';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-bench-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface JsonModel {
  readonly id: string;
  readonly task: string;
  readonly contestants: readonly { runsMs: number[]; medianMs: number; minMs: number; maxMs: number }[];
  readonly absent: readonly { name: string; reason: string }[];
  readonly work: { dispatches: number };
  readonly coldStartMs: number | null;
}

/** Whether some Python has what the peer needs. */
function hasTorchvision(): boolean {
  try {
    findPython();
    return true;
  } catch {
    return false;
  }
}

describe('engine bench', () => {
  it('times an image and a step, names peers that are not there, prints tables and writes the figures', async () => {
    const json = join(folder, 'new', 'bench.json');
    const noPython = engine.with({ PYTHON: 'no-such-python', ENGINE_BENCH_CACHE: join(folder, 'cache') });
    const { code, stdout, stderr } = await noPython(
      ...['bench', 'model', '--only', 'slim,train_slim', '--runs', '1', '--json', json],
      ...['--peers', 'onnxruntime-cpu,tfjs-webgpu,torchvision'],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('mask-engine: run 1 of 1')]);
    expect(stdout).toMatch(/^adapter +\S.*, (software|hardware)/m);
    expect(stdout.match(/^mask-engine( +[\d.]+ ms){4} +1 +1\.00 x$/gm)).toHaveLength(2);
    expect(stdout).toMatch(/^mask-engine, an image: \d+ dispatches/m);
    expect(stdout).toMatch(/^mask-engine, a step: \d+ dispatches/m);
    expect(stdout).toMatch(/^mask-engine, cold start: \d+ ms/m);
    const install = /no-such-python has no torch and torchvision: install them .* or set PYTHON/;
    expect(stdout.match(new RegExp(`^torchvision took no part: ${install.source}`, 'gm'))).toHaveLength(2);
    expect(stdout).toMatch(new RegExp(`^onnxruntime-cpu took no part: ${install.source}`, 'm'));
    expect(stdout).toMatch(/^tfjs-webgpu took no part: .* no Mask R-CNN for it/m);
    const report = JSON.parse(readFileSync(json, 'utf8')) as { models: JsonModel[] };
    expect(report.models.map(({ id }) => id)).toEqual(['slim', 'train_slim']);
    for (const { task, contestants, absent, work, coldStartMs } of report.models) {
      expect(contestants).toHaveLength(1);
      const [{ runsMs, medianMs, minMs, maxMs }] = contestants;
      expect(runsMs).toHaveLength(1);
      expect(runsMs[0]).toBeGreaterThan(0);
      expect([minMs, medianMs, maxMs]).toEqual([runsMs[0], runsMs[0], runsMs[0]]);
      expect(absent.map(({ name }) => name)).toEqual(['onnxruntime-cpu', 'tfjs-webgpu', 'torchvision']);
      expect(work.dispatches).toBeGreaterThan(100);
      expect(coldStartMs === null).toBe(task === 'training');
    }
    expect(readdirSync(join(folder, 'new'))).toEqual(['bench.json']);
  });

  it('agrees with torchvision on the same weights and image', async (context) => {
    context.skip(!hasTorchvision(), 'no Python with torch and torchvision');
    const cached = engine.with({ ENGINE_BENCH_CACHE: join(folder, 'cache') });
    const { code, stdout } = await cached(
      ...['bench', '--only', 'resnet50', '--runs', '1', '--peers', 'torchvision', '--peer-runs', '1'],
    );
    expect(code).toBe(0);
    const difference = /^torchvision .*, CPU, .*: logits differ by (\S+) of the largest$/m.exec(stdout)?.[1];
    expect(Number(difference)).toBeLessThan(1e-4);
  });

  it('refuses what it does not know before it does anything, exit code 2', async () => {
    mkdirSync(join(folder, 'taken'));
    const wrong: [string[], RegExp][] = [
      [['networks'], /engine bench has no networks: there is model/],
      [['--only', 'resnet50,vgg'], /--only: there is no vgg; choose from conv3x3, resnet50, mask_rcnn, .*train_r50/],
      [['--peers', 'tensorrt'], /--peers: there is no tensorrt; choose from onnxruntime-webgpu, .*torchvision/],
      [['--only', ''], /--only: there is no empty name/],
      [['--runs', '0'], /--runs 0: give a whole number from 1 to 1000/],
      [['--peer-runs', '2.5'], /--peer-runs 2.5: give a whole number/],
      [['--json', join(folder, 'taken')], /taken is a folder/],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = await engine('bench', ...args);
      expect([code, stdout], args.join(' ')).toEqual([2, '']);
      expect(stderr).toMatch(sentence);
    }
  });
});
