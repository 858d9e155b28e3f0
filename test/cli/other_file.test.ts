import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../helpers/command';

// the tests' names have its paths, so it is there before they are
const folder = mkdtempSync(join(tmpdir(), 'mask-engine-'));
const at = (...names: string[]): string => join(folder, ...names);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const segmentation = { size: [6, 10], counts: [57, 3] };
const annotations = {
  images: [{ id: 1, file_name: 'a.png', width: 10, height: 6 }],
  categories: [{ id: 1, name: 'nut' }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [9, 3, 1, 3], area: 3, iscrowd: 0, segmentation }],
};
const results = [
  { image_id: 1, category_id: 1, score: 0.5, segmentation },
  { image_id: 1, category_id: 1, score: 0.4, segmentation },
];

describe('an output that is an input', () => {
  const gt = at('gt.json');
  const pred = at('pred.json');
  const texts = { [gt]: JSON.stringify(annotations), [pred]: JSON.stringify(results) };
  const both = ['--gt', gt, '--pred', pred];

  it.each([
    ['eval', ...both, '--json', gt],
    ['eval', ...both, '--json', `${folder}/./pred.json`],
    ['eval', ...both, '--plot', pred],
    ['score', gt, pred, '--json', gt],
    ['score', gt, pred, '--sweep', '--svg', pred],
    ['report', ...both, '--images', at('.'), '--out', gt],
    ['data', 'stats', gt, '--json', gt],
    ['submit', ...both, '--out', pred],
  ])('is refused and stays as it was: engine %s %s %s', async (...args) => {
    for (const [path, text] of Object.entries(texts)) {
      writeFileSync(path, text);
    }
    const { code, stderr } = await runCommand(...args);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `engine: ${args.at(-2)} ${args.at(-1)} is the input itself, which is never written over: name another file\n`,
    );
    for (const [path, text] of Object.entries(texts)) {
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});
