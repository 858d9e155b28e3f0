import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../helpers/command';

/** Four images a step, so that an epoch is a step; what is to be learnt by heart may not change. */
const SETTINGS = [
  'train.epochs=120',
  'augment.flip_horizontal.probability=0',
  'augment.flip_vertical.probability=0',
  'validate.every=1000',
  'checkpoint.every=1000',
];

test('four images are learnt by heart, from random weights', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'engine-overfit-'));
  try {
    const scenes = join(folder, 'scenes');
    const synth = await runCommand('synth', '--out', scenes, '--images', '4', '--size', '128x128', '--seed', '3');
    expect(synth.code, synth.stderr).toBe(0);
    const files = ['train', 'val'].flatMap((part) => [
      `data.${part}.annotations=${join(scenes, 'annotations_rle.json')}`,
      `data.${part}.images=${join(scenes, 'images')}`,
    ]);
    const out = join(folder, 'run');
    const settings = [...files, ...SETTINGS].flatMap((setting) => ['--set', setting]);
    const { code, stderr } = await runCommand(
      ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
      ...settings,
    );
    expect(code, stderr).toBe(0);
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const { kind, figures } = JSON.parse(lines.at(-1)!) as { kind: string; figures: Record<string, number> };
    expect(kind).toBe('validation');
    expect(figures.segm_AP50).toBeGreaterThanOrEqual(0.9);
    expect(figures.bbox_AP50).toBeGreaterThanOrEqual(0.9);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
