import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readDataset } from '../../src/data/dataset_file';
import { readPredictions } from '../../src/data/prediction_file';
import { Warnings } from '../../src/data/warnings';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand, type CommandOutcome } from '../helpers/command';

const at = temporaryFolder();
const nuclei = resolve(import.meta.dirname, '../../../shared/data/nuclei/annotations/quick_val_rle.json');

const images = [
  { id: 5, file_name: 'a.png', width: 10, height: 6, license: 1, date_captured: '2026-01-01' },
  { id: 2, file_name: 'b.png', width: 10, height: 6 },
  { id: 9, file_name: 'c.png', width: 10, height: 6 },
];
const categories = [{ id: 90, name: 'nut', supercategory: 'food' }];
const outside = { id: 4, image_id: 5, category_id: 90, bbox: [0, 0, 99, 99] };
/** The pixels x from 1 to 4, y from 1 to 3, by pycocotools' encode. */
const rectangle = { size: [6, 10], counts: '73300000m0' };
const first = { image_id: 2, category_id: 90, segmentation: rectangle, score: 0.25 };
const second = { image_id: 5, category_id: 90, segmentation: { size: [6, 10], counts: [57, 3] }, score: 0.75 };
const empty = { ...second, segmentation: { size: [6, 10], counts: [60] } };

interface Submission {
  images: unknown;
  categories: unknown;
  annotations: Record<string, unknown>[];
}

let folder = 0;
const inFolder = (name: string) => at(String(folder), name);

beforeEach(() => {
  mkdirSync(at(String(++folder)));
});

function write(name: string, content: unknown): string {
  writeFileSync(inFolder(name), typeof content === 'string' ? content : JSON.stringify(content));
  return inFolder(name);
}

function submit(pred: unknown, gt: unknown, ...options: string[]): Promise<CommandOutcome> {
  const files = ['--pred', write('pred.json', pred), '--gt', write('gt.json', gt), '--out', inFolder('out.json')];
  return runCommand('submit', ...files, ...options);
}

function output(): Submission {
  return JSON.parse(readFileSync(inFolder('out.json'), 'utf8')) as Submission;
}

const gt = { info: { year: 2026 }, images, categories, annotations: [outside] };

describe('engine submit', () => {
  it('writes one object with images and categories as they were, and ids from 1', async () => {
    const { code, stdout, stderr } = await submit([first, second, { ...first, bbox: [0.5, 1, 4.5, 3] }], gt);
    expect([code, stdout]).toEqual([0, `3 objects in 2 of 3 images: ${inFolder('out.json')}\n`]);
    expect(stderr).toBe('engine: warning: images without predictions: 1 (c.png)\n');
    const rest = { category_id: 90, iscrowd: 0 };
    const mask = { ...rest, image_id: 2, area: 12, segmentation: rectangle, score: 0.25 };
    expect(output()).toEqual({
      images,
      categories,
      annotations: [
        { ...mask, id: 1, bbox: [1, 1, 4, 3] },
        {
          ...rest,
          id: 2,
          image_id: 5,
          bbox: [9, 3, 1, 3],
          area: 3,
          // pycocotools' encode
          segmentation: { size: [6, 10], counts: 'i13' },
          score: 0.75,
        },
        { ...mask, id: 3, bbox: [0.5, 1, 4.5, 3] },
      ],
    });
  });

  it('leaves out what is below the threshold and masks without a pixel', async () => {
    const { stdout, stderr } = await submit([first, empty, second], gt, '--score-threshold', '0.5');
    expect(stdout).toMatch(/^1 objects in 1 of 3 images/);
    expect(stderr).toBe(
      `engine: warning: masks without a pixel, left out: 1 (prediction 1 of ${inFolder('pred.json')})\n` +
        'engine: warning: images without predictions: 2 (b.png, c.png)\n',
    );
    expect(output().annotations.map(({ id, score }) => [id, score])).toEqual([[1, 0.75]]);
  });

  it('takes a list of test images without annotations, and no predictions', async () => {
    const { code, stdout } = await submit([], { images, categories });
    expect([code, stdout]).toEqual([0, `0 objects in 0 of 3 images: ${inFolder('out.json')}\n`]);
    expect(output().annotations).toEqual([]);
  });

  it('writes polygons of the same pixels with --polygons', async () => {
    await submit([first], gt, '--polygons');
    const { annotations } = output();
    expect(annotations[0]).toMatchObject({ bbox: [1, 1, 4, 3], area: 12 });
    const points = (annotations[0].segmentation as number[][]).map((polygon) =>
      polygon.flatMap((x, i) => (i % 2 === 0 ? [`${x},${polygon[i + 1]}`] : [])).sort(),
    );
    expect(points).toEqual([['1,1', '1,4', '5,1', '5,4']]);
  });

  it.each<[string, unknown, unknown, RegExp]>([
    ['boxes', [first, { ...first, segmentation: undefined, bbox: [1, 1, 2, 2] }], gt, /1 of 2 have no "segmentation"/],
    [
      'unknown images',
      [{ ...first, image_id: 1 }],
      gt,
      /\[0\]\.image_id is 1, which the annotation file does not list/,
    ],
    ['unknown categories', [{ ...first, category_id: 1 }], gt, /\[0\]\.category_id is 1, which the annotation file/],
    [
      'masks of another size',
      [{ ...first, segmentation: { size: [10, 6], counts: [60] } }],
      gt,
      /size is \[10, 6\], but/,
    ],
    [
      'runs too short',
      [{ ...first, segmentation: { size: [6, 10], counts: [6] } }],
      gt,
      /RLE counts add up to 6 pixels/,
    ],
    ['a cut file', '[{"image_id":', gt, /pred\.json is cut off: it ends at line 1, column 14/],
    ['NaN', '[{"score": NaN}]', gt, /pred\.json holds NaN at line 1, column 12/],
    ['an empty annotation file', [first], '', /gt\.json is empty/],
    [
      'predictions as annotation file',
      [first],
      [first],
      /gt\.json is a results list \(predictions\), but an annotation/,
    ],
    ['images as predictions', images, gt, /pred\.json is a list of images .*, but predictions are needed/],
    ['no categories', [], { images }, /gt\.json has no categories, which a submission needs/],
  ])('refuses %s in one line, exit code 2, and writes nothing', async (_, pred, annotations, pattern) => {
    const { code, stdout, stderr } = await submit(pred, annotations);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(pattern);
    expect(stderr).toMatch(/^engine: [^\n]+\n$/);
    expect(readdirSync(at(String(folder))).sort()).toEqual(['gt.json', 'pred.json']);
  });

  it('never writes over its inputs', async () => {
    const [pred, annotations] = [write('pred.json', [first]), write('gt.json', gt)];
    const { code, stderr } = await runCommand('submit', '--pred', pred, '--gt', annotations, '--out', annotations);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/gt\.json is the input itself, which is never written/)]);
    expect(JSON.parse(readFileSync(annotations, 'utf8'))).toEqual(gt);
  });

  it.skipIf(!existsSync(nuclei))('is read back as the same masks, as RLE and polygons (needs ../shared)', async () => {
    const truth = JSON.parse(readFileSync(nuclei, 'utf8')) as { images: unknown[]; annotations: object[] };
    const results = truth.annotations.map((annotation) => ({ ...annotation, bbox: undefined, score: 0.5 }));
    const expected = (await readDataset(nuclei, new Warnings(), { masks: true })).annotations;
    for (const options of [[], ['--polygons']]) {
      const { code, stderr } = await submit(results, truth, ...options);
      expect([code, stderr]).toEqual([0, '']);
      const warnings = new Warnings();
      const read = await readDataset(inFolder('out.json'), warnings, { masks: true });
      const { predictions } = await readPredictions(inFolder('out.json'), warnings, { masks: true, against: read });
      expect(warnings.lines()).toEqual([]);
      expect(read.annotations.map(({ mask, box, area }) => ({ mask, box, area }))).toEqual(
        expected.map(({ mask, box, area }) => ({ mask, box, area })),
      );
      expect(predictions.map(({ score }) => score)).toEqual(expected.map(() => 0.5));
    }
  });
});
