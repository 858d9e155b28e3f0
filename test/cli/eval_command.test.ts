import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../helpers/command';
import { temporaryFolder } from '../data/temporary_folder';

const SHARED = resolve(import.meta.dirname, '../../../shared/data');
const EVAL = resolve(SHARED, 'eval');
const NUCLEI = resolve(SHARED, 'nuclei/annotations/val_rle.json');
const SLIM = resolve(SHARED, 'slim/val.torchvision.segm.json');

type Figures = Record<string, number | null>;

interface ExpectedCase {
  gt: string;
  dt: string;
  iouType: 'bbox' | 'segm';
  stats: Record<string, number>;
  per_category_AP: Figures;
}

interface Written {
  bbox?: Figures;
  segm?: Figures;
  per_class?: Record<'bbox' | 'segm', (Figures & { id: number; name: string; curves: Curves })[]>;
}

interface Curves {
  recall: number[];
  precision50: number[] | null;
  precision75: number[] | null;
  precision: number[] | null;
  score50: number[] | null;
}

const folder = temporaryFolder();

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function expectValue(actual: number | null | undefined, expected: number | null, name: string): void {
  if (expected === null || expected === -1) {
    expect(actual, name).toBeNull();
  } else {
    expect(actual, name).toBeCloseTo(expected, 12);
  }
}

describe.skipIf(!existsSync(EVAL))('engine eval against pycocotools (needs ../shared/data/eval)', () => {
  const { tool, ...cases } = existsSync(EVAL)
    ? (readJson(resolve(EVAL, 'EXPECTED_pycocotools.json')) as Record<string, ExpectedCase> & { tool: unknown })
    : { tool: '' };
  const names = Object.keys(cases);

  it('has the seven cases', () => {
    expect(tool).toBe('pycocotools 2.0.11');
    expect(names).toHaveLength(7);
  });

  it.each(names)('%s', async (name) => {
    const { gt, dt, iouType, stats, per_category_AP } = (cases as Record<string, ExpectedCase>)[name];
    const json = folder(`${name}.json`);
    const files = ['--gt', resolve(EVAL, gt), '--pred', resolve(EVAL, dt)];
    const { code, stdout, stderr } = await runCommand(
      ...['eval', ...files, '--type', iouType, '--per-class', '--json', json],
    );
    // two boxes of the toy example reach beyond their images
    expect(stderr).toMatch(name === 'review_odm_toy_bbox' ? /outside their image[^\n]*: 2 / : /^$/);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(iouType);
    const written = readJson(json) as Written;
    expect(Object.keys(written)).toEqual([iouType, 'per_class']);
    const figures = written[iouType]!;
    expect(Object.keys(figures)).toEqual(Object.keys(stats));
    for (const [figure, value] of Object.entries(stats)) {
      expectValue(figures[figure], value, figure);
    }
    const classes = written.per_class![iouType];
    expect(classes.map(({ id }) => String(id))).toEqual(Object.keys(per_category_AP));
    for (const { id, AP, curves } of classes) {
      expectValue(AP, per_category_AP[id], `AP of ${id}`);
      // AP is the mean of its curve
      const { precision } = curves;
      expectValue(AP, precision === null ? null : precision.reduce((sum, value) => sum + value, 0) / 101, 'curve');
    }
  });
});

describe.skipIf(!existsSync(NUCLEI) || !existsSync(SLIM))(
  'engine eval on nuclei (needs ../shared/data/nuclei and ../shared/data/slim)',
  () => {
    it("has the figures of torchvision's run, and warns where images hold more than the default 100", async () => {
      const json = folder('nuclei.json');
      const files = ['--gt', NUCLEI, '--pred', SLIM];
      const all = await runCommand('eval', ...files, '--max-dets', '1,10,400', '--json', json);
      expect(all).toMatchObject({ code: 0, stderr: '' });
      // the README of ../shared/data/slim
      const { bbox, segm } = readJson(json) as Written;
      expect([bbox!.AP, bbox!.AP50, bbox!.AP75].map((value) => value!.toFixed(3))).toEqual(['0.522', '0.879', '0.581']);
      expect([segm!.AP, segm!.AP50, segm!.AP75].map((value) => value!.toFixed(3))).toEqual(['0.539', '0.873', '0.597']);
      const some = await runCommand('eval', ...files, '--type', 'bbox');
      expect(some.stderr).toMatch(
        /^engine: warning: images with more than 100 objects or detections of a class, [^\n]*\(--max-dets 1,10,260 counts all\): 8 \([^\n]*\)\n$/,
      );
    });
  },
);

const IMAGE = { id: 1, width: 6, height: 4, file_name: 'a.png' };
const square = (x: number, y: number, side: number): number[][] => [
  [x, y, x + side, y, x + side, y + side, x, y + side],
];
const object = { id: 1, image_id: 1, category_id: 3, bbox: [0, 0, 2, 2], area: 4, segmentation: square(0, 0, 2) };
const ground = { images: [IMAGE], categories: [{ id: 3, name: 'nut' }], annotations: [object] };
const found = { image_id: 1, category_id: 3, score: 0.5, bbox: [0, 0, 2, 2], segmentation: square(0, 0, 2) };
const box = { image_id: 1, category_id: 3, score: 0.5, bbox: [0, 0, 2, 2] };

describe('engine eval', () => {
  const write = (name: string, content: unknown): string => {
    writeFileSync(folder(name), JSON.stringify(content));
    return folder(name);
  };
  const evaluate = (pred: unknown, ...options: string[]): ReturnType<typeof runCommand> =>
    runCommand('eval', '--gt', folder('gt.json'), '--pred', write('pred.json', pred), ...options);

  beforeAll(() => {
    write('gt.json', ground);
  });

  it('compares boxes and masks where both files have them, else boxes', async () => {
    const types = async (...options: Parameters<typeof evaluate>): Promise<string[]> =>
      (await evaluate(...options)).stdout.split('\n').filter((line) => /^\w/.test(line));
    expect(await types([found])).toEqual(['bbox', 'segm']);
    expect(await types([box])).toEqual(['bbox']);
    expect(await types([])).toEqual(['bbox', 'segm']);
    expect(await types([found], '--type', 'segm')).toEqual(['segm']);
    expect(await types({ ...ground, annotations: [{ ...object, score: 0.7 }] }, '--type', 'both')).toEqual([
      'bbox',
      'segm',
    ]);
  });

  it('compares masks alone where predictions have no boxes, and boxes around the masks when asked to', async () => {
    const mask = { ...found, bbox: undefined };
    const masks = await evaluate([mask]);
    expect(masks.stderr).toBe('');
    expect(masks.stdout).toMatch(/^segm\n/);
    expect(masks.stdout).not.toContain('bbox');
    const boxes = await evaluate([mask], '--type', 'bbox');
    expect(boxes.stderr).toMatch(/^engine: warning: predictions of masks alone, scored by the boxes around them: 1 \(/);
    expect(boxes.stdout).toBe((await evaluate([found], '--type', 'bbox')).stdout);
    expect((await evaluate([mask], '--type', 'both')).stdout).toContain('bbox\n');
  });

  it('prints a table of the classes', async () => {
    const categories = [...ground.categories, { id: 1, name: 'a bolt' }];
    write('gt2.json', { ...ground, categories });
    const pred = write('pred2.json', [found]);
    const { stdout } = await runCommand(
      'eval',
      '--gt',
      folder('gt2.json'),
      '--pred',
      pred,
      '--type',
      'bbox',
      '--per-class',
    );
    expect(stdout.split('\n').slice(-5, -1)).toEqual([
      'bbox by class',
      'class   objects     AP   AP50   AP75  AR100',
      'a bolt        0      -      -      -      -',
      'nut           1  1.000  1.000  1.000  1.000',
    ]);
  });

  it('plots precision over recall', async () => {
    const svg = folder('curve.svg');
    expect(await evaluate([found], '--plot', svg)).toMatchObject({ code: 0, stderr: '' });
    const text = readFileSync(svg, 'utf8');
    expect(text).toMatch(/^<svg /);
    for (const name of ['bbox, IoU 0.50', 'segm, IoU 0.75', 'segm, IoU 0.50:0.95', 'recall', 'precision']) {
      expect(text).toContain(`>${name}<`);
    }
  });

  it('has VOC AP and mIoU', async () => {
    // one hit above one miss, and an object that is not found: AP 1/2, over 11 recalls 6/11
    const objects = [object, { ...object, id: 2, bbox: [4, 2, 2, 2], segmentation: square(4, 2, 2) }];
    write('gt3.json', { ...ground, annotations: objects });
    const miss = { ...found, score: 0.2, bbox: [2, 0, 2, 2], segmentation: square(2, 0, 2) };
    const pred = write('pred3.json', [found, miss]);
    const json = folder('voc.json');
    const run = async (...options: string[]): Promise<{ stdout: string; written: Record<string, Figures> }> => {
      const { stdout, stderr } = await runCommand(
        ...['eval', '--gt', folder('gt3.json'), '--pred', pred, '--json', json, ...options],
      );
      expect(stderr).toBe('');
      return { stdout, written: readJson(json) as Record<string, Figures> };
    };
    const voc = await run('--metric', 'voc', '--type', 'bbox');
    expect(voc.stdout).toBe('bbox  mAP 0.500  IoU 0.5, precision over all recalls (VOC 2010)\n');
    expect(voc.written).toEqual({ bbox: { mAP: 0.5, iou: 0.5, points: 'all' } });
    const voc11 = await run('--metric', 'voc11', '--iou', '0.9', '--per-class');
    expect(voc11.written.segm.mAP).toBeCloseTo(6 / 11, 12);
    expect(voc11.written.bbox.points).toBe('11');
    // 24 pixels: 4 right and 4 too many and 4 missed of the class, 12 right of the background
    const miou = await run('--metric', 'miou', '--per-class');
    expect(miou.written.segm.mIoU).toBeCloseTo((4 / 12 + 12 / 20) / 2, 12);
    expect(miou.written.segm.pixel_accuracy).toBeCloseTo(16 / 24, 12);
    expect(miou.stdout).toContain('\nnut              8  0.333     0.500\n');
  });

  it('warns of the id 0, which pycocotools takes for no match', async () => {
    const gt = write('gt5.json', { ...ground, annotations: [{ ...object, id: 0 }] });
    const run = await runCommand('eval', '--gt', gt, '--pred', write('pred5.json', [box]), '--type', 'bbox');
    expect(run.stderr).toMatch(/^engine: warning: annotations of the id 0, [^\n]*: 1 \([^\n]*gt5\.json\)\n$/);
    expect(run.stdout).toMatch(/area= {3}all \| maxDets=100 \] = 0\.000\n/);
  });

  it('ignores difficult objects for VOC AP alone', async () => {
    write('gt4.json', { ...ground, annotations: [object, { ...object, id: 2, bbox: [4, 2, 2, 2], difficult: 1 }] });
    const pred = write('pred4.json', [box]);
    const run = (...options: string[]): ReturnType<typeof runCommand> =>
      runCommand('eval', '--gt', folder('gt4.json'), '--pred', pred, '--type', 'bbox', ...options);
    expect((await run('--metric', 'voc')).stdout).toContain('mAP 1.000');
    expect((await run()).stdout).toMatch(/area= {3}all \| maxDets=100 \] = 0\.505\n/);
  });

  it.each([
    [
      'without masks',
      [box],
      ['--type', 'segm'],
      /predictions .*pred\.json.* without "segmentation": 1 of 1; .*--type bbox/,
    ],
    ['masks of some', [found, box], [], /without "segmentation": 1 of 2/],
    ['mIoU of boxes', [box], ['--metric', 'miou'], /without "segmentation": 1 of 1; give a file with masks\n/],
    ['mIoU by boxes', [found], ['--metric', 'miou', '--type', 'bbox'], /leave out --type bbox/],
    [
      'an option of another metric',
      [found],
      ['--metric', 'voc', '--max-dets', '1'],
      /--max-dets goes with --metric coco/,
    ],
    ['an IoU for COCO', [found], ['--iou', '0.5'], /--iou goes with --metric voc/],
    ['max-dets that are none', [found], ['--max-dets', '0'], /--max-dets 0: give a whole number/],
    ['another image', [{ ...found, image_id: 9 }], [], /\[0\]\.image_id is 9/],
    ['another category', [{ ...found, category_id: 9 }], [], /\[0\]\.category_id is 9/],
    ['no predictions', { shapes: [] }, [], /LabelMe/],
    ['a mask of another size', [{ ...found, segmentation: { size: [2, 2], counts: [4] } }], [], /2 x 2|\[2, ?2\]/],
  ] as const)('refuses %s with one sentence', async (_, pred, options, message) => {
    const { code, stdout, stderr } = await evaluate(pred, '--json', folder('never.json'), ...options);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^engine: [^\n]+\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(existsSync(folder('never.json'))).toBe(false);
  });
});
