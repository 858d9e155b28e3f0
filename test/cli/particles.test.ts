import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { rleEncode, rleToString } from '../../src/eval/rle';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const folder = temporaryFolder();

/** Column-major mask of 12 rows and 10 columns with a filled rectangle, as COCO's RLE. */
function mask(x: number, y: number, width: number, height: number) {
  const pixels = new Uint8Array(120).map((_, i) => {
    const [column, row] = [Math.floor(i / 12), i % 12];
    return column >= x && column < x + width && row >= y && row < y + height ? 1 : 0;
  });
  return { size: [12, 10], counts: rleToString(rleEncode(pixels, 12, 10)) };
}

function write(name: string, content: unknown): string {
  const path = folder(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const results = [
  { image_id: 7, category_id: 2, score: 0.9, segmentation: mask(2, 3, 4, 5) },
  { image_id: 7, category_id: 2, score: 0.3, segmentation: mask(0, 0, 2, 2) },
  { image_id: 7, category_id: 2, score: 0.8, segmentation: mask(0, 0, 0, 0) },
  { image_id: 5, category_id: 3, score: 0.5, segmentation: mask(1, 1, 3, 3) },
];
const images = [
  { id: 5, file_name: 'a "quoted", name.png', width: 10, height: 12 },
  { id: 7, file_name: 'Größe.png', width: 10, height: 12 },
  { id: 9, file_name: 'nothing in it.png', width: 10, height: 12 },
];
const categories = [
  { id: 2, name: 'sphere' },
  { id: 3, name: 'needle' },
];
const annotated = {
  images,
  categories,
  annotations: [{ id: 1, image_id: 5, category_id: 2, segmentation: [[1, 1, 9, 1, 9, 5, 1, 5]], iscrowd: 0, area: 1, bbox: [1, 1, 8, 4] }], // prettier-ignore
};

function readCsv(path: string): Record<string, string>[] {
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  expect(errors).toEqual([]);
  return data;
}

function readSummary(out: string) {
  return JSON.parse(readFileSync(folder(out, 'summary.json'), 'utf8'));
}

describe('engine particles', () => {
  it('writes rows with image names of images.json beside the results, in its order', async () => {
    const pred = write('run/predict.segm.json', results);
    write('run/images.json', images);
    const { code, stdout, stderr } = await runCommand('particles', '--pred', pred, '--out', folder('out1'));
    expect(code).toBe(0);
    expect(stderr).toContain(`engine: warning: masks without a pixel, left out: 1 ([2] of ${pred})\n`);
    expect(stdout).toContain('predict.segm.json: 3 particles in 3 images');
    expect(stdout).toContain('lengths are in pixels: --um-per-px gives micrometres');
    const rows = readCsv(folder('out1', 'particles.csv'));
    expect(rows.map((row) => [row.image, row.image_id, row.particle, row.class, row.confidence])).toEqual([
      ['a "quoted", name.png', '5', '1', '3', '0.5'],
      ['Größe.png', '7', '1', '2', '0.9'],
      ['Größe.png', '7', '2', '2', '0.3'],
    ]);
    expect(rows[1]).toMatchObject({
      'area (px^2)': '20',
      'centroid_x (px)': '4',
      'centroid_y (px)': '5.5',
      'feret_min (px)': '4',
      'orientation (deg)': '90',
      solidity: '1',
      touches_border: '0',
    });
    expect(rows[2].touches_border).toBe('1');
    expect(readFileSync(folder('out1', 'particles.csv'), 'utf8')).toMatch(/^\ufeff/);
    for (const file of ['particles.csv', 'summary.json']) {
      expect(readFileSync(folder('out1', file), 'utf8')).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('takes class names of --gt, micrometres, a threshold, and leaves out the border', async () => {
    const pred = write('plain/results.json', results);
    const gt = write('plain/gt.json', annotated);
    const { code, stdout } = await runCommand(
      ...['particles', '--pred', pred, '--gt', gt, '--um-per-px', '0.5', '--score-threshold', '0.5'],
      ...['--out', folder('out2')],
    );
    expect(code).toBe(0);
    expect(stdout).toContain('results.json: 2 particles in 3 images; left out: 1 below the score threshold');
    expect(readCsv(folder('out2', 'particles.csv')).map((row) => [row.class, row['area (um^2)']])).toEqual([
      ['needle', '2.25'],
      ['sphere', '5'],
    ]);
    const border = await runCommand(
      ...['particles', '--pred', pred, '--gt', gt, '--exclude-border', '--out', folder('out2b')],
    );
    expect(border.stdout).toContain('2 particles in 3 images; left out: 1 at the border');
  });

  it('summarises in all and per image, images without particles too', async () => {
    const pred = write('plain/results.json', results);
    const gt = write('plain/gt.json', annotated);
    await runCommand('particles', '--pred', pred, '--gt', gt, '--out', folder('out3'));
    const { um_per_px, units, sets, comparison } = readSummary('out3');
    expect([um_per_px, units.area, comparison]).toEqual([null, 'px^2', null]);
    const [set] = sets;
    expect(set.left_out).toEqual({ without_mask: 0, empty: 1, crowd: 0, below_score_threshold: 0, at_border: 0 });
    expect(set.all.count).toBe(3);
    // areas 9, 20 and 4
    expect(set.all.measures.area).toMatchObject({ mean: 11, min: 4, max: 20, by_number: { d50: 9 } });
    expect(set.all.measures.area.standard_deviation).toBeCloseTo(Math.sqrt((4 + 81 + 49) / 2), 5);
    expect(set.images.map((image: { file_name: string; count: number }) => [image.file_name, image.count])).toEqual([
      ['a "quoted", name.png', 1],
      ['Größe.png', 2],
      ['nothing in it.png', 0],
    ]);
    expect(set.images[2].measures.area).toMatchObject({ mean: null, by_volume: { d90: null } });
  });

  it('measures annotations themselves: polygons, no confidence', async () => {
    const pred = write('plain/gt.json', annotated);
    const { code } = await runCommand('particles', '--pred', pred, '--out', folder('out4'));
    expect(code).toBe(0);
    const rows = readCsv(folder('out4', 'particles.csv'));
    expect(rows.map((row) => [row['area (px^2)'], row.confidence, row.class])).toEqual([['32', '', 'sphere']]);
  });

  it('replaces its own files of an earlier run, and nothing where the images are not found', async () => {
    const [pred, gt] = [write('again/results.json', results), write('again/gt.json', annotated)];
    write('again/out/report.html', 'old');
    write('again/out/notes.txt', 'mine');
    const run = (...options: string[]): ReturnType<typeof runCommand> =>
      runCommand('particles', '--pred', pred, '--gt', gt, '--out', folder('again', 'out'), ...options);
    const failed = await run('--images', folder('absent'));
    expect(failed.stderr).toBe(`engine: image folder ${folder('absent')} does not exist: check the path\n`);
    expect(readFileSync(folder('again', 'out', 'report.html'), 'utf8')).toBe('"old"');
    expect(readdirSync(folder('again', 'out')).sort()).toEqual(['notes.txt', 'report.html']);
    expect((await run()).code).toBe(0);
    expect(readFileSync(folder('again', 'out', 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(readdirSync(folder('again', 'out')).sort()).toEqual(['notes.txt', 'particles.csv', 'report.html', 'summary.json']); // prettier-ignore
    expect(readdirSync(folder('again')).sort()).toEqual(['gt.json', 'out', 'results.json']);
  });

  it('leaves crowd regions of annotations out', async () => {
    const crowd = { ...annotated.annotations[0], id: 2, iscrowd: 1 };
    const pred = write('crowd.json', { ...annotated, annotations: [...annotated.annotations, crowd] });
    const { code, stdout } = await runCommand('particles', '--pred', pred, '--out', folder('crowd'));
    expect(code).toBe(0);
    expect(stdout).toContain('crowd.json: 1 particle in 3 images; left out: 1 marked as crowd\n');
    expect(readCsv(folder('crowd', 'particles.csv'))).toHaveLength(1);
    expect(readSummary('crowd').sets[0].left_out.crowd).toBe(1);
  });

  it('compares two sets by name, each with its own images', async () => {
    const pred = write('plain/results.json', results.slice(0, 2));
    const other = write('other/gt.json', annotated);
    const { code, stdout } = await runCommand(
      ...['particles', '--pred', pred, '--compare', other, '--names', 'before, after', '--out', folder('out5')],
    );
    expect(code).toBe(0);
    expect(stdout).toContain('after against before');
    const rows = readCsv(folder('out5', 'particles.csv'));
    expect(rows.map((row) => [row.set, row.image])).toEqual([
      ['before', 'image 7'],
      ['before', 'image 7'],
      ['after', 'a "quoted", name.png'],
    ]);
    const { comparison } = readSummary('out5');
    expect([comparison.first, comparison.second]).toEqual(['before', 'after']);
    expect(comparison.measures.area).toMatchObject({
      mean: { first: 12, second: 32, difference: 20, ratio: 2.666667 },
      ks_distance: 1,
      cliffs_delta: 1,
    });
  });

  it('an empty list of predictions is a set of no particles', async () => {
    const pred = write('empty/predict.segm.json', []);
    write('empty/images.json', images);
    const { code, stdout } = await runCommand('particles', '--pred', pred, '--out', folder('out6'));
    expect([code, stdout.includes('0 particles in 3 images')]).toEqual([0, true]);
    expect(readCsv(folder('out6', 'particles.csv'))).toEqual([]);
  });

  it.each([
    ['boxes alone', () => write('bad/boxes.json', [{ image_id: 1, category_id: 1, score: 1, bbox: [0, 0, 1, 1] }]), /bad.boxes\.json holds boxes without masks, which have no shape: give a file with "segmentation"/], // prettier-ignore
    ['polygons of unknown size', () => write('bad/poly.json', [{ image_id: 1, category_id: 1, score: 1, segmentation: [[0, 0, 5, 0, 5, 5]] }]), /the width and height of its image are not known/], // prettier-ignore
    ['a list of images that is none', () => { write('bad2/images.json', 3); return write('bad2/p.json', results); }, /list of images .*images\.json: "images" is the number 3/], // prettier-ignore
    ['no file', () => folder('bad/none.json'), /predictions .*none\.json/],
  ])('refuses %s with one sentence', async (_, make, sentence) => {
    const out = folder('bad-out');
    const { code, stderr } = await runCommand('particles', '--pred', make(), '--out', out);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [['--names', 'a,b'], /--names a,b belongs to a second set: add --compare FILE/],
    [['--compare', 'x.json', '--names', 'a'], /--names a: give two different names with a comma between/],
    [['--gt', 'x', '--images-json', 'y'], /--gt and --images-json both list the images/],
    [['--um-per-px', '0'], /--um-per-px 0: give a number/],
  ])('refuses %j', async (args, sentence) => {
    const pred = write('plain/results.json', results);
    const { code, stderr } = await runCommand('particles', '--pred', pred, '--out', folder('bad-out'), ...args);
    expect([code, sentence.test(stderr)]).toEqual([2, true]);
  });
});
