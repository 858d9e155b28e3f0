import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeClassMap } from '../../src/data/class_map';
import { scoreClassMapFolders } from '../../src/data/class_map_folders';
import { Warnings } from '../../src/data/warnings';
import { runCommand } from '../helpers/command';
import { writeColours, writeGrey } from './convert/png_files';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

/** The start of PASCAL VOC's palette: background, aeroplane, bicycle; then white for 255 here. */
const VOC = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [224, 224, 192]]; // prettier-ignore

/** An indexed PNG of 2 bit by sharp, an encoder that is not ours; libvips orders its palette by itself. */
async function writeIndexed(path: string, rows: readonly (readonly number[])[], palette = VOC): Promise<Buffer> {
  const rgb = Uint8Array.from(rows.flat().flatMap((index) => palette[index]));
  const raw = { width: rows[0].length, height: rows.length, channels: 3 } as const;
  const bytes = await sharp(rgb, { raw }).png({ palette: true, colours: 4, dither: 0 }).toBuffer();
  mkdirSync(at('indexed'), { recursive: true });
  writeFileSync(path, bytes);
  return bytes;
}

/** The entries of a PNG's palette, from its PLTE chunk. */
function paletteOf(png: Buffer): number[][] {
  const start = png.indexOf('PLTE');
  const length = png.readUInt32BE(start - 4);
  return Array.from({ length: length / 3 }, (_, i) => [...png.subarray(start + 4 + 3 * i, start + 7 + 3 * i)]);
}

describe('decodeClassMap', () => {
  it('takes the indices of a palette', async () => {
    const rows = [[0, 1, 2, 3], [2, 2, 1, 0]]; // prettier-ignore
    const png = await writeIndexed(at('indexed', 'a.png'), rows);
    expect(png[25]).toBe(3);
    const colours = paletteOf(png).map(String);
    const { labels, width, height } = await decodeClassMap(at('indexed', 'a.png'));
    expect([width, height]).toEqual([4, 2]);
    expect([...labels]).toEqual(rows.flat().map((index) => colours.indexOf(String(VOC[index]))));
  });

  it('takes grey values as they are stored, at any depth', async () => {
    writeGrey(at('grey', 'a.png'), [[0, 1, 254, 255]]);
    expect([...(await decodeClassMap(at('grey', 'a.png'))).labels]).toEqual([0, 1, 254, 255]);
    // grey of 2 bit: the samples 0, 1, 2, 3 in one byte
    writeFileSync(at('grey', 'two.png'), Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAgAAAACW50iwAAAACklEQVR4nGOQBgAAHQAcjvT1IQAAAABJRU5ErkJggg==', 'base64')); // prettier-ignore
    expect([...(await decodeClassMap(at('grey', 'two.png'))).labels]).toEqual([0, 1, 2, 3]);
  });

  it('refuses colours, and numbers that are no classes', async () => {
    writeColours(at('bad', 'colour.png'), [[[0, 0, 0], [1, 2, 3]]]); // prettier-ignore
    await expect(decodeClassMap(at('bad', 'colour.png'))).rejects.toThrow(/has colours, not class numbers/);
    writeGrey(at('bad', 'deep.png'), [[0, 700]], 16);
    await expect(decodeClassMap(at('bad', 'deep.png'))).rejects.toThrow(/class number 700.*single objects\?/);
  });
});

describe('scoreClassMapFolders and engine eval --metric miou', () => {
  beforeAll(() => {
    writeGrey(at('gt', 'a.png'), [[0, 0, 1, 1], [0, 0, 1, 255]]); // prettier-ignore
    writeGrey(at('gt', 'b.png'), [[0, 2]]);
    writeGrey(at('pred', 'a.png'), [[0, 1, 1, 1], [0, 0, 0, 1]]); // prettier-ignore
    writeGrey(at('pred', 'b.png'), [[0, 0]]);
    writeGrey(at('pred', 'c.png'), [[0, 0]]);
  });

  it('counts pixels over all maps, without those that have no class', async () => {
    const warnings = new Warnings();
    const { meanIou, pixelAccuracy, perClass } = await scoreClassMapFolders(at('gt'), at('pred'), warnings);
    // of 9 pixels 0: 4 of 7, 1: 2 of 4, 2: 0 of 1
    expect(perClass.map(({ iou }) => iou)).toEqual([4 / 7, 2 / 4, 0]);
    expect(meanIou).toBeCloseTo((4 / 7 + 2 / 4) / 3, 12);
    expect(pixelAccuracy).toBeCloseTo(6 / 9, 12);
    expect(warnings.lines()).toEqual([
      `label maps without ground truth in ${at('gt')}, left out: 1 (${at('pred', 'c.png')})`,
    ]);
  });

  it('prints them', async () => {
    const { code, stdout } = await runCommand('eval', '--gt', at('gt'), '--pred', at('pred'), '--metric', 'miou', '--per-class'); // prettier-ignore
    expect(code).toBe(0);
    expect(stdout).toMatch(/^segm {2}mIoU 0\.357, pixel accuracy 0\.667/);
    expect(stdout).toMatch(/\ncategory 2 +1 +0\.000 +0\.000\n$/);
  });

  it.each([
    ['a folder and a file', 'gt', 'gt/a.png', /gt is a folder and .*a\.png is not: give two folders/],
    ['a map that is lacking', 'pred', 'gt', /gt lacks 1 of the 3 label maps of .*pred \(c\.png\)/],
    ['other sizes', 'wide', 'narrow', /a\.png has 1x1 pixels, .*2x1/],
    ['black and white', 'white', 'white', /white hold 0 and 255 only.*with 0 and 1/],
    ['no maps', 'none', 'gt', /none holds no label maps/],
  ])('refuses %s with one sentence', async (_, gt, pred, message) => {
    writeGrey(at('wide', 'a.png'), [[0, 1]]);
    writeGrey(at('narrow', 'a.png'), [[0]]);
    writeGrey(at('white', 'a.png'), [[0, 255]]);
    mkdirSync(at('none'), { recursive: true });
    const { code, stderr } = await runCommand('eval', '--gt', at(gt), '--pred', at(pred), '--metric', 'miou');
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').filter((line) => line.startsWith('engine: '))).toHaveLength(1); // prettier-ignore
    expect(code).toBe(2);
  });
});
