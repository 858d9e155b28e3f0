import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engine } from './engine';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-bench-kernels-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Report {
  readonly ceilings: Record<string, number>;
  readonly phases: {
    readonly model: string;
    readonly phase: string;
    readonly rows: {
      readonly layers: string[];
      readonly totalMs: number;
      readonly figures: { op: string; runsMs: number[]; medianMs: number; kernels: string[]; ceilingShare: number };
    }[];
  }[];
}

describe('engine bench kernels', () => {
  it('times what the filter leaves, and writes figures and picture', async () => {
    const [json, plot] = ['kernels.json', 'roofline.svg'].map((name) => join(folder, 'new', name));
    const options = ['--filter', 'UPSAMPLE', '--all', '--runs', '2', '--json', json, '--plot', plot];
    const { code, stdout } = await engine('bench', 'kernels', ...options);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ceilings +[\d.]+ GFLOP\/s of fused multiply-adds; copies/m);
    const rows = stdout.match(/^upsampleAdd +\S.* GB\/s +\d+ % +[\d.]+ %$/gm);
    // three additions of the R50's FPN and two of the slim one, in inference and in training
    expect(rows).toHaveLength(10);
    expect(stdout).not.toMatch(/^conv2d/m);

    const { ceilings, phases } = JSON.parse(readFileSync(json, 'utf8')) as Report;
    Object.values(ceilings).forEach((ceiling) => {
      expect(ceiling).toBeGreaterThan(0);
    });
    expect(phases.map(({ model, phase, rows }) => [model, phase, rows.length])).toEqual([
      ['r50', 'inference', 3],
      ['r50', 'training, forward', 3],
      ['r50', 'training, backward and update', 0],
      ['slim', 'inference', 2],
      ['slim', 'training, forward', 2],
      ['slim', 'training, backward and update', 0],
    ]);
    for (const { layers, totalMs, figures } of phases.flatMap(({ rows }) => rows)) {
      expect(figures).toMatchObject({ op: 'upsampleAdd', kernels: [expect.stringContaining('resize')] });
      expect(figures.runsMs).toHaveLength(2);
      expect(figures.ceilingShare).toBeGreaterThan(0);
      expect(totalMs).toBeCloseTo(figures.medianMs * layers.length, 9);
    }
    expect(readFileSync(plot, 'utf8').match(/<circle/g)).toHaveLength(5);
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['kernels.json', 'roofline.svg']);
  });

  it('refuses what it cannot do, exit code 2, and leaves no file behind', async () => {
    const json = join(folder, 'none.json');
    const wrong: [string[], RegExp][] = [
      [['--filter', 'cony', '--json', json], /--filter cony: no op, kernel or layer .*; the ops are .*conv2d/],
      [['--runs', '0'], /--runs 0: give a whole number from 1 to 1000/],
      [['--plot', folder], /is a folder/],
    ];
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = await engine('bench', 'kernels', ...args);
      expect([code, stdout], args.join(' ')).toEqual([2, '']);
      expect(stderr).toMatch(sentence);
    }
    expect(readdirSync(folder)).not.toContain('none.json');
  });
});
