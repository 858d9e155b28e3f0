import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { pythonFloat } from '../../src/cli/score-output';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const inFolder = temporaryFolder();

const NUCLEI = '../shared/data/nuclei/annotations/val_rle.json';
const DETECTIONS = '../shared/data/slim/val.torchvision.segm.json';
const hasShared = existsSync(NUCLEI) && existsSync(DETECTIONS);
if (!hasShared) {
  console.warn('engine score: tests with real detections are skipped, ../shared is not beside the repository');
}

function json(name: string, content: unknown): string {
  const path = inFolder(name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** A rectangle as a polygon. */
function rectangle(x: number, y: number, width: number, height: number): number[][] {
  return [[x, y, x + width, y, x + width, y + height, x, y + height]];
}

/** The same as uncompressed run lengths in an image of 20x20. */
function runs(x: number, y: number, width: number, height: number): { size: number[]; counts: number[] } {
  const mask = Array.from({ length: 400 }, (_, i) => {
    const [column, row] = [Math.floor(i / 20), i % 20];
    return column >= x && column < x + width && row >= y && row < y + height;
  });
  const counts = [0];
  mask.forEach((value, i) => {
    if (value !== (i > 0 && mask[i - 1])) {
      counts.push(0);
    }
    counts[counts.length - 1]++;
  });
  return { size: [20, 20], counts };
}

const images = ['a.png', 'b.png', 'c.png'].map((file_name, i) => ({ id: i + 1, file_name, width: 20, height: 20 }));
const categories = [{ id: 1, name: 'particle' }];
const object = (id: number, image_id: number, segmentation: unknown) => {
  return { id, image_id, category_id: 1, segmentation, iscrowd: 0 };
};
const result = (image_id: number, score: number, segmentation: unknown) => {
  return { image_id, category_id: 1, score, segmentation };
};

const truth = (): string =>
  json('truth.json', {
    images,
    categories,
    annotations: [
      object(1, 1, rectangle(0, 0, 10, 10)),
      object(2, 1, runs(10, 10, 10, 10)),
      object(3, 2, runs(0, 0, 4, 4)),
    ],
  });
// image 1: IoU 1 and 0.5 on the first object, nothing on the second; image 2 nothing; image 3 has no objects
const FOUND = [result(1, 0.9, runs(0, 0, 10, 10)), result(1, 0.4, runs(0, 0, 10, 5)), result(3, 0.8, runs(2, 2, 3, 3))];

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}

describe('engine score', () => {
  test('figures by hand: TP 1, FP 1, FN 2, so precision 1/2, recall 1/3, score 2/5', async () => {
    const { code, stdout, stderr } = await runCommand('score', truth(), json('found.json', FOUND));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'precision: 0.5',
      'recall: 0.3333333333333333',
      'true positives: 1 (sum of IoU 1.0)',
      'false positives: 1',
      'false negatives: 2',
      'images: 3 (3 objects, 3 predictions)',
      'score:0.4',
      '',
    ]);
  });

  test('an object with annotations scores as the list does; polygons as run lengths', async () => {
    const annotations = FOUND.map(({ image_id, segmentation }, i) => object(i + 1, image_id, segmentation));
    annotations[0].segmentation = rectangle(0, 0, 10, 10);
    const submission = json('submission.json', { images, categories, annotations });
    const { stdout } = await runCommand('score', truth(), submission);
    expect(lastLine(stdout)).toBe('score:0.4');
  });

  test('perfect and nothing at all, as Python prints them', async () => {
    const same = json('same.json', [result(1, 1, runs(0, 0, 10, 10)), result(1, 1, runs(10, 10, 10, 10)), result(2, 1, runs(0, 0, 4, 4))]); // prettier-ignore
    expect(lastLine((await runCommand('score', truth(), same)).stdout)).toBe('score:1.0');
    const none = await runCommand('score', truth(), json('none.json', []));
    expect(none.code).toBe(0);
    expect(none.stdout).toContain('precision: 0.0\n');
    expect(lastLine(none.stdout)).toBe('score:0.0');
    const noObjects = json('no-objects.json', { images, categories, annotations: [] });
    expect(lastLine((await runCommand('score', noObjects, same)).stdout)).toBe('score:0.0');
  });

  test('--score-threshold leaves out what is below; --per-image puts the worst first and images without objects last', async () => {
    const found = json('found.json', FOUND);
    const { stdout } = await runCommand('score', truth(), found, '--score-threshold', '0.5', '--per-image');
    expect(lastLine(stdout)).toBe('score:0.5'); // precision 1, recall 1/3
    expect(stdout).toContain('images: 3 (3 objects, 2 predictions)');
    const rows = stdout
      .split('\n')
      .slice(0, 4)
      .map((row) => row.trim().split(/\s+/));
    expect(rows).toEqual([
      ['image', 'score', 'precision', 'recall', 'TP', 'FP', 'FN'],
      ['b.png', '0.0000', '0.0000', '0.0000', '0', '0', '1'],
      ['a.png', '0.6667', '1.0000', '0.5000', '1', '0', '1'],
      ['c.png', '-', '-', '-', '0', '0', '0'],
    ]);
    // a prediction of exactly the threshold stays
    expect(lastLine((await runCommand('score', truth(), found, '--score-threshold', '0.4')).stdout)).toBe('score:0.4');
  });

  test('--sweep names the best threshold and the command; the last line is that of the whole file', async () => {
    const [svg, out] = [inFolder('sweep.svg'), inFolder('score.json')];
    const found = json('found.json', FOUND);
    const { stdout } = await runCommand('score', truth(), found, '--sweep', '--svg', svg, '--json', out);
    expect(stdout).toContain(
      'best threshold: 0.9 (score 0.5, precision 1.0000, recall 0.3333, 1 of 3 predictions kept)',
    );
    expect(stdout).toMatch(/engine submit --pred \S+found\.json --gt \S+truth\.json --score-threshold 0\.9 --out /);
    expect(lastLine(stdout)).toBe('score:0.4');
    const picture = readFileSync(svg, 'utf8');
    expect(XMLValidator.validate(picture)).toBe(true);
    expect(picture).toContain('best: 0.5000 at 0.9');
    const written = JSON.parse(readFileSync(out, 'utf8'));
    expect(written).toMatchObject({ score: 0.4, true_positives: 1, false_positives: 1, false_negatives: 2 });
    expect(written.images).toHaveLength(3);
    expect(written.images[1]).toMatchObject({ image_id: 2, file_name: 'b.png', objects: 1, predictions: 0, score: 0 });
    expect(written.sweep.best).toMatchObject({ threshold: 0.9, predictions: 1, score: 0.5 });
    expect(written.sweep.steps.map((step: { threshold: number }) => step.threshold)).toEqual([0.4, 0.8, 0.9]);
  });

  test('--sweep of scores in percent offers no command that would be refused', async () => {
    const found = FOUND.map((one) => ({ ...one, score: one.score * 100 }));
    const { stdout } = await runCommand('score', truth(), json('percent.json', found), '--sweep');
    expect(stdout).toContain('best threshold: 90 (score 0.5,');
    expect(stdout).not.toContain('engine submit');
    expect(stdout).toContain('to use it, write the scores of the file on a scale from 0 to 1');
  });

  test('--sweep with --score-threshold still sweeps the whole file', async () => {
    const { stdout } = await runCommand('score', truth(), json('found.json', FOUND), '--sweep', '--score-threshold', '1'); // prettier-ignore
    expect(stdout).toContain('best threshold: 0.9');
    expect(lastLine(stdout)).toBe('score:0.0');
  });

  test.each([
    ['a submission has no scores to sweep', [object(1, 1, runs(0, 0, 2, 2))], ['--sweep'], /every prediction .* has the score 1.*predict\.segm\.json/],
    ['--svg alone', [], ['--svg', 'x.svg'], /--svg x\.svg plots the scores of --sweep: add --sweep/],
    ['a threshold that is none', [], ['--score-threshold', 'high'], /--score-threshold high: give a number from 0 to 1/],
  ])('%s', async (_, annotations, options, message) => {
    const submission = json('submission.json', { images, categories, annotations });
    const { code, stderr, stdout } = await runCommand('score', truth(), submission, ...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stdout).toBe('');
  }); // prettier-ignore

  test('boxes cannot be scored, unknown images are refused, and nothing is written', async () => {
    const out = inFolder('refused.json');
    const boxes = json('boxes.json', [{ image_id: 1, category_id: 1, score: 0.5, bbox: [0, 0, 5, 5] }]);
    const refused = await runCommand('score', truth(), boxes, '--json', out);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/boxes\.json: 1 of 1 objects have no "segmentation".*predict\.segm\.json/);
    const unknown = await runCommand('score', truth(), json('unknown.json', [result(9, 0.5, runs(0, 0, 2, 2))]), '--json', out); // prettier-ignore
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/unknown\.json.*9/);
    expect(existsSync(out)).toBe(false);
  });

  test.skipIf(!hasShared)('2,356 nuclei and 3,590 detections: the reference, at several thresholds', async () => {
    const fixture = new URL('../reference/fixtures/challenge_score.json', import.meta.url);
    const { nuclei } = JSON.parse(readFileSync(fixture, 'utf8')) as {
      nuclei: Record<string, { tp: number; fp: number; fn: number; score: number }>;
    };
    expect(Object.keys(nuclei).length).toBeGreaterThan(3);
    for (const [threshold, expected] of Object.entries(nuclei)) {
      const { stdout } = await runCommand('score', NUCLEI, DETECTIONS, '--score-threshold', threshold);
      expect(Number(lastLine(stdout).replace('score:', ''))).toBeCloseTo(expected.score, 12);
      expect(stdout).toContain(`true positives: ${expected.tp} `);
      expect(stdout).toContain(`false positives: ${expected.fp}\n`);
      expect(stdout).toContain(`false negatives: ${expected.fn}\n`);
    }
  });

  test.skipIf(!hasShared)('the best threshold gives its score', async () => {
    const swept = await runCommand('score', NUCLEI, DETECTIONS, '--sweep');
    const [, threshold, best] = /best threshold: (\S+) \(score ([\d.]+),/.exec(swept.stdout)!;
    const used = await runCommand('score', NUCLEI, DETECTIONS, '--score-threshold', threshold);
    expect(lastLine(used.stdout)).toBe(`score:${best}`);
    expect(Number(best)).toBeGreaterThan(Number(lastLine(swept.stdout).replace('score:', '')));
  });
});

test('numbers as Python prints floats', () => {
  const printed = [0, 1, 2233, 0.1 + 0.2, 0.6014641983886516, 1e-4, 0.00005, 1.5e-7, 1e-12].map(pythonFloat);
  expect(printed).toEqual(['0.0', '1.0', '2233.0', '0.30000000000000004', '0.6014641983886516', '0.0001', '5e-05', '1.5e-07', '1e-12']); // prettier-ignore
});
