import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../data/temporary_folder';
import { writeGrey } from '../data/convert/png_files';
import { runCommand, type CommandOutcome } from '../helpers/command';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../shared/data');

const convert = (...args: string[]) => runCommand('data', 'convert', ...args);

function readJson<T = unknown>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function file(name: string, content: unknown): string {
  writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content));
  return at(name);
}

async function converted(...args: string[]): Promise<CommandOutcome> {
  const outcome = await convert(...args);
  expect(outcome).toMatchObject({ code: 0 });
  return outcome;
}

/** The one sentence of a refusal; nothing is written. */
async function refused(...args: string[]): Promise<string> {
  const out = at('refused');
  const { code, stdout, stderr } = await convert(...args, '--out', out);
  expect([code, stdout, existsSync(out)]).toEqual([2, '', false]);
  expect(stderr).toMatch(/^engine: .*\n$/);
  return stderr;
}

const square = { size: [3, 4], counts: '42102' };
const small = {
  images: [{ id: 2, file_name: 'a.png', width: 4, height: 3 }],
  annotations: [
    { id: 5, image_id: 2, category_id: 6, bbox: [1, 1, 2, 2], area: 4, iscrowd: 0, segmentation: square, note: 'x' },
  ],
  categories: [{ id: 6, name: 'nut' }],
};

describe('engine data convert', () => {
  it('goes from run lengths to polygons and back', async () => {
    const polygons = await converted(file('rle.json', small), '--to', 'coco-poly', '--out', at('poly.json'));
    expect(polygons.stdout).toBe(`1 object in 1 image: ${at('poly.json')} (coco-poly)\n`);
    expect(readJson<typeof small>(at('poly.json')).annotations[0].segmentation).toEqual([[3, 1, 3, 3, 1, 3, 1, 1]]);
    await converted(at('poly.json'), '--to', 'coco-rle', '--out', at('again.json'));
    expect(readJson(at('again.json'))).toEqual(small);
  });

  it('says that simplified polygons change masks', async () => {
    const { stdout } = await converted(
      ...[file('rle.json', small), '--to', 'coco-poly', '--simplify', '1', '--out', at('simple.json')],
    );
    expect(stdout).toMatch(/simplified by up to 1 px: masks are no longer exactly those of/);
  });

  it('goes to PASCAL VOC and back', async () => {
    await converted(file('rle.json', small), '--to', 'voc', '--set', 'val', '--out', at('voc'));
    expect(readdirSync(at('voc', 'ImageSets', 'Main'))).toEqual(['val.txt']);
    await converted(at('voc'), '--to', 'coco', '--out', at('voc.json'));
    const flags = { pose: 'Unspecified', truncated: 0, difficult: 0 };
    expect(readJson(at('voc.json'))).toEqual({
      images: [{ id: 1, file_name: 'a.png', width: 4, height: 3, depth: 3, segmented: 0 }],
      categories: [{ id: 1, name: 'nut' }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 2, 2], area: 4, iscrowd: 0, ...flags }],
    });
  });

  it('goes to label images and back', async () => {
    await converted(file('rle.json', small), '--to', 'masks', '--out', at('labels'));
    await converted(at('labels'), '--to', 'coco-rle', '--category', 'nut', '--out', at('labels.json'));
    const { annotations, categories } = readJson<typeof small>(at('labels.json'));
    expect(categories).toEqual([{ id: 1, name: 'nut' }]);
    expect(annotations[0]).toMatchObject({ bbox: [1, 1, 2, 2], area: 4, segmentation: square });
  });

  it('goes from a mask of all objects to an object for each part', async () => {
    writeGrey(at('binary', 'a.png'), [[255, 0, 255]]);
    const { stderr } = await converted(at('binary'), '--to', 'coco', '--out', at('binary.json'));
    expect(stderr).toMatch(/warning: masks with one label only/);
    const { stdout } = await converted(at('binary'), '--split', '--to', 'coco', '--out', at('binary.json'));
    expect(stdout).toMatch(/^2 objects in 1 image/);
  });

  it('goes from results to a detection CSV and back', async () => {
    const results = [{ image_id: 2, category_id: 6, bbox: [1, 1, 2, 2.5], score: 0.75 }];
    const gt = file('gt.json', small);
    await converted(file('results.json', results), '--gt', gt, '--to', 'csv', '--out', at('d.csv'));
    expect(readFileSync(at('d.csv'), 'utf8')).toBe('image_id,PredictionString\na,nut 0.75 1 1 3 3.5\n');
    await converted(at('d.csv'), '--gt', gt, '--to', 'results', '--out', at('results2.json'));
    expect(readJson(at('results2.json'))).toEqual(results);
    await converted(at('d.csv'), '--to', 'coco', '--out', at('csv.json'));
    expect(readJson<typeof small>(at('csv.json')).annotations).toEqual([
      { id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 2, 2.5], area: 5, iscrowd: 0, score: 0.75 },
    ]);
  });

  it('takes --from where the name does not tell', async () => {
    const path = file('results.txt', [{ image_id: 2, category_id: 6, bbox: [1, 1, 2, 2], score: 1 }]);
    expect(await refused(path, '--to', 'csv')).toMatch(
      /neither \.json nor \.csv nor a folder: say what it is with --from/,
    );
    await converted(path, '--from', 'coco', '--to', 'csv', '--out', at('from.csv'));
  });
});

describe('what engine data convert refuses', () => {
  it('misunderstandings', async () => {
    const gt = file('gt.json', small);
    const csv = file('some.csv', 'image_id,PredictionString\nx,1 1 0 0 1 1\n');
    const boxes = file('boxes.json', {
      ...small,
      annotations: [{ id: 1, image_id: 2, category_id: 6, bbox: [1, 1, 2, 2] }],
    });
    const results = file('results.json', [{ image_id: 2, category_id: 6, bbox: [1, 1, 2, 2], score: 1 }]);
    const cases: [string[], RegExp][] = [
      [[gt, '--to', 'coco'], /already is a COCO annotation file: choose coco-rle or coco-poly/],
      [[results, '--to', 'results'], /already is a results list/],
      [[csv, '--to', 'csv'], /already is csv/],
      [[csv, '--to', 'coco-rle'], /csv holds boxes, no masks: use --to coco/],
      [[csv, '--to', 'results'], /has the image_id "x", but results need its id/],
      [[csv, '--to', 'voc'], /image 1 has no width and height, which PASCAL VOC needs/],
      [[boxes, '--to', 'coco-poly'], /holds boxes only, and coco-poly needs masks/],
      [[results, '--to', 'coco'], /give their annotation file as --gt/],
      [[gt, '--to', 'csv', '--gt', results], /results list|is an annotation file itself/],
      [[gt, '--to', 'csv', '--gt', boxes], /is an annotation file itself: --gt goes with/],
      [[gt, '--to', 'coco-rle', '--simplify', '1'], /--simplify goes with --to coco-poly/],
      [[gt, '--to', 'csv', '--images', '.'], /--images goes with a VOC folder/],
      [[gt, '--to', 'csv', '--split'], /--split goes with a folder of masks/],
      [[gt, '--to', 'voc', '--set', '../x'], /--set \.\.\/x: give the name of a set/],
      [[at('absent.json'), '--to', 'csv'], /absent\.json does not exist/],
      [[file('cut.json', '{"images": ['), '--to', 'csv'], /cut\.json is cut off: it ends at line 1/],
    ];
    for (const [args, pattern] of cases) {
      expect(await refused(...args)).toMatch(pattern);
    }
  });

  it('to write over its input or into a folder that holds files', async () => {
    const gt = file('gt.json', small);
    const over = await convert(gt, '--to', 'coco-poly', '--out', at('..', at().split('/').at(-1) ?? '', 'gt.json'));
    expect(over.code).toBe(2);
    expect(over.stderr).toMatch(/is the input itself, which is never written over/);
    expect(readJson(gt)).toEqual(small);
    mkdirSync(at('full'));
    writeFileSync(at('full', 'mine'), '');
    const full = await convert(gt, '--to', 'masks', '--out', at('full'));
    expect(full.stderr).toMatch(/full already holds files/);
    expect(readdirSync(at('full'))).toEqual(['mine']);
  });

  it('a folder above a VOC folder', async () => {
    mkdirSync(at('above', 'VOC2007', 'Annotations'), { recursive: true });
    writeFileSync(at('above', 'VOC2007', 'Annotations', 'a.xml'), '<annotation/>');
    expect(await refused(at('above'), '--to', 'coco')).toMatch(
      /above holds the PASCAL VOC folder VOC2007: name .*VOC2007/,
    );
  });
});

describe('datasets that people have', () => {
  interface Coco {
    annotations: { segmentation: unknown }[];
  }

  it.skipIf(!existsSync(shared))('nuclei keep their masks as polygons', async () => {
    for (const split of ['quick_train', 'quick_val']) {
      const source = join(shared, `nuclei/annotations/${split}_rle.json`);
      await converted(source, '--to', 'coco-poly', '--out', at('nuclei_poly.json'));
      const polygons = readJson<Coco>(at('nuclei_poly.json')).annotations;
      expect(polygons.every(({ segmentation }) => Array.isArray(segmentation))).toBe(true);
      await converted(at('nuclei_poly.json'), '--to', 'coco-rle', '--out', at('nuclei_rle.json'));
      expect(readJson(at('nuclei_rle.json'))).toEqual(readJson(source));
    }
  });

  it.skipIf(!existsSync(shared))('nuclei keep their masks as label images, where they do not overlap', async () => {
    const source = join(shared, 'nuclei/annotations/quick_val_rle.json');
    const { stderr } = await converted(source, '--to', 'masks', '--out', at('nuclei'));
    expect(stderr).toMatch(/objects overlap, where the later one is written: 1 \(1609b1b8480ee526\.png\)/);
    const images = join(shared, 'nuclei/images');
    await converted(at('nuclei'), '--images', images, '--to', 'coco', '--out', at('nuclei.json'));
    interface Masks {
      images: { id: number; file_name: string }[];
      annotations: { image_id: number; segmentation: { counts: string } }[];
    }
    const masks = (path: string) => {
      const file = readJson<Masks>(path);
      const names = new Map(file.images.map(({ id, file_name: name }) => [id, name]));
      return file.annotations
        .map(({ image_id: id, segmentation }) => `${names.get(id)} ${segmentation.counts}`)
        .filter((text) => !text.startsWith('1609b1b8480ee526'))
        .sort();
    };
    expect(masks(source).length).toBeGreaterThan(50);
    expect(masks(at('nuclei.json'))).toEqual(masks(source));
  });

  it.skipIf(!existsSync(shared))('powder becomes PASCAL VOC', async () => {
    await converted(join(shared, 'powder/val.json'), '--to', 'voc', '--out', at('powder'));
    await converted(at('powder'), '--to', 'coco', '--out', at('powder.json'));
    const boxes = (path: string) =>
      readJson<{ annotations: { bbox: number[] }[] }>(path).annotations.map(({ bbox }) => bbox);
    expect(boxes(at('powder.json'))).toEqual(boxes(join(shared, 'powder/val.json')));
  });
});
