import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engine } from './engine';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-bench-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('engine bench', () => {
  it('times both models, prints a table and writes the figures', async () => {
    const json = join(folder, 'new', 'bench.json');
    const { code, stdout, stderr } = await engine('bench', 'model', '--runs', '1', '--json', json);
    expect([code, stderr]).toEqual([0, expect.stringContaining('mask-engine: run 1 of 1')]);
    expect(stdout).toMatch(/^adapter +\S.*, (software|hardware)/m);
    expect(stdout.match(/^mask-engine( +[\d.]+ ms){4} +1 +1\.00 x$/gm)).toHaveLength(2);
    const report = JSON.parse(readFileSync(json, 'utf8')) as {
      models: { id: string; contestants: { runsMs: number[]; medianMs: number; minMs: number; maxMs: number }[] }[];
    };
    expect(report.models.map(({ id }) => id)).toEqual(['resnet50', 'mask_rcnn']);
    for (const { contestants } of report.models) {
      expect(contestants).toHaveLength(1);
      const [{ runsMs, medianMs, minMs, maxMs }] = contestants;
      expect(runsMs).toHaveLength(1);
      expect(runsMs[0]).toBeGreaterThan(0);
      expect([minMs, medianMs, maxMs]).toEqual([runsMs[0], runsMs[0], runsMs[0]]);
    }
    expect(readdirSync(join(folder, 'new'))).toEqual(['bench.json']);
  });

  it('refuses what it does not know before it does anything, exit code 2', async () => {
    mkdirSync(join(folder, 'taken'));
    const wrong: [string[], RegExp][] = [
      [['networks'], /engine bench has no networks: there is model/],
      [['--only', 'vgg'], /'vgg' is invalid.*resnet50, mask_rcnn/],
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

  it('says what the peers need, and leaves no file behind', async () => {
    const json = join(folder, 'peers.json');
    const noPython = engine.with({ PYTHON: 'no-such-python', ENGINE_BENCH_CACHE: join(folder, 'cache') });
    const { code, stderr } = await noPython('bench', '--peers', '--json', json);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--peers .*no-such-python has not got them: install/)]);
    expect(readdirSync(folder)).not.toContain('peers.json');
  });
});
