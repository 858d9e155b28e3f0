import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVoc, writeVoc } from '../../../src/data/convert/voc';
import { parseVocXml } from '../../../src/data/convert/voc_xml';
import { OutputFolder } from '../../../src/data/output_folder';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { temporaryFolder } from '../temporary_folder';
import { writeGrey } from './png_files';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../../shared/data/voc');

function xml(
  objects: string,
  head = '<filename>a.jpg</filename><size><width>9</width><height>8</height></size>',
): string {
  return `<annotation>${head}${objects}</annotation>`;
}

function object(name: string, [xmin, ymin, xmax, ymax]: readonly number[], more = ''): string {
  // corners in an order of their own: tools differ
  const box = `<bndbox><xmax>${xmax}</xmax><xmin>${xmin}</xmin><ymax>${ymax}</ymax><ymin>${ymin}</ymin></bndbox>`;
  return `<object><name>${name}</name>${more}${box}</object>`;
}

/** A VOC tree with these annotations, by name. */
function tree(name: string, annotations: Record<string, string>): string {
  mkdirSync(at(name, 'Annotations'), { recursive: true });
  for (const [stem, text] of Object.entries(annotations)) {
    writeFileSync(at(name, 'Annotations', `${stem}.xml`), text);
  }
  return at(name);
}

async function refusal(work: () => unknown): Promise<string> {
  const error: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => 'done',
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

async function write(
  name: string,
  data: Awaited<ReturnType<typeof readVoc>>,
  warnings = new Warnings(),
): Promise<string> {
  const folder = await OutputFolder.create(at(name));
  await writeVoc(folder, data, 'train', warnings);
  await folder.commit();
  return at(name);
}

describe('readVoc', () => {
  it('turns inclusive corners from 1 into x, y, width, height from 0', async () => {
    const root = tree('corners', {
      b10: xml(object('nut', [1, 1, 9, 8])),
      b9: xml(
        object('nut', [3, 2, 3, 5], '<pose>Left</pose><truncated>1</truncated><difficult>1</difficult>') +
          object('fig &amp; date', [2, 2, 4, 4]),
        '<filename>b.jpg</filename><size><width>9</width><height>8</height><depth>1</depth></size><segmented>1</segmented>',
      ),
    });
    const warnings = new Warnings();
    const { header, objects } = await readVoc(root, {}, warnings);
    expect(header).toEqual({
      images: [
        { id: 1, file_name: 'b.jpg', width: 9, height: 8, depth: 1, segmented: 1 },
        { id: 2, file_name: 'a.jpg', width: 9, height: 8 },
      ],
      categories: [
        { id: 1, name: 'fig & date' },
        { id: 2, name: 'nut' },
      ],
    });
    const flags = { pose: 'Left', truncated: 1, difficult: 1 };
    expect(objects.map(({ fields }) => fields)).toEqual([
      { id: 1, image_id: 1, category_id: 2, bbox: [2, 1, 1, 4], area: 4, iscrowd: 0, ...flags },
      { id: 2, image_id: 1, category_id: 1, bbox: [1, 1, 3, 3], area: 9, iscrowd: 0 },
      { id: 3, image_id: 2, category_id: 2, bbox: [0, 0, 9, 8], area: 72, iscrowd: 0 },
    ]);
    expect(warnings.lines()).toEqual([]);
  });

  it('reads one set, with the classes of the whole tree', async () => {
    const root = tree('sets', { p: xml(object('ant', [1, 1, 2, 2])), q: xml(object('bee', [1, 1, 2, 2])) });
    mkdirSync(at('sets', 'ImageSets', 'Main'), { recursive: true });
    writeFileSync(at('sets', 'ImageSets', 'Main', 'val.txt'), 'q  1\r\n\r\nmissing -1\r\n');
    const warnings = new Warnings();
    const { objects, categories, images } = await readVoc(root, { set: 'val' }, warnings);
    expect(categories.map(({ name }) => name)).toEqual(['ant', 'bee']);
    expect(images).toHaveLength(1);
    expect(objects.map(({ categoryId }) => categoryId)).toEqual([2]);
    expect(warnings.lines()).toEqual(['images of the set val without an annotation, left out: 1 (missing)']);
    expect(await refusal(() => readVoc(root, { set: 'test' }, warnings))).toMatch(
      /test\.txt does not exist: .* are val$/,
    );
  });

  it('finds the files whose extension the annotation has wrong, and sizes that it lacks', async () => {
    const root = tree('names', {
      c: xml('', '<filename>c.jpg</filename>'),
      d: xml('', '<filename>gone.jpg</filename><size><width>2</width><height>2</height></size>'),
    });
    writeGrey(at('names', 'JPEGImages', 'c.png'), [[1, 2, 3]]);
    const warnings = new Warnings();
    expect((await readVoc(root, {}, warnings)).images).toEqual([
      { id: 1, fileName: 'c.png', width: 3, height: 1 },
      { id: 2, fileName: 'gone.jpg', width: 2, height: 2 },
    ]);
    expect(warnings.lines()).toEqual([
      expect.stringMatching(/another extension.*: 1 \(c\.jpg: c\.png\)$/),
      expect.stringMatching(/^images that are not in .*JPEGImages, kept by the name .*: 1 \(gone\.jpg\)$/),
    ]);
  });

  it('keeps and counts boxes that begin at 0', async () => {
    const root = tree('zero', { a: xml(object('x', [0, 4, 5, 5])) });
    const warnings = new Warnings();
    const { objects } = await readVoc(root, {}, warnings);
    expect(objects[0].box).toEqual([-1, 3, 6, 2]);
    expect(warnings.lines()).toEqual([
      expect.stringMatching(/^boxes that begin before pixel 1.*: 1 \(object 1 of a\.xml\)$/),
    ]);
  });
});

describe('parseVocXml', () => {
  it.each([
    ['<annotation><size></annotation>', /is not XML: error at line 1, column \d+/],
    ['', /is not XML: error at line 1;/],
    ['<annotation>', /is not XML/],
    ['<html></html>', /no element <annotation>/],
    [xml('<object><bndbox></bndbox></object>'), /object 1 has no <name>/],
    [xml('<object><name>x</name></object>'), /object 1 \("x"\) has no <bndbox>/],
    [xml(object('x', [1, 1, 2, 2]) + object('y', [1, NaN, 2, 2])), /object 2 \("y"\)\.bndbox\.ymin is "NaN": a number/],
    [xml('<object><name>x</name><bndbox><xmin>1</xmin></bndbox></object>'), /bndbox\.ymin is missing/],
    [xml(object('x', [5, 1, 2, 2])), /ends before it begins \(x 5 to 2, y 1 to 2\)/],
    [xml('', '<size><width>wide</width></size>'), /size\.width is "wide": a number is needed/],
    ['<annotation>'.repeat(5000) + '</annotation>'.repeat(5000), /cannot be read as XML/],
  ])('refuses %.60s', async (text, pattern) => {
    const message = await refusal(() => parseVocXml(text, 'f.xml'));
    expect(message).toMatch(pattern);
    expect(message).toContain('f.xml');
    expect(message).not.toContain('\n');
  });

  it('does not expand entities that a file declares', () => {
    const declared = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('');
    const bomb = `<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY e0 "ha">${declared}]>${xml(object('&e9;', [1, 1, 2, 2]))}`;
    expect(parseVocXml(bomb, 'f.xml').objects[0].name).toBe('&e9;');
  });

  it('takes a byte-order mark and characters by number', () => {
    expect(parseVocXml(`\ufeff${xml(object('&#228;&#x62;&lt;', [1, 1, 2, 2]))}`, 'f').objects[0].name).toBe('äb<');
  });
});

describe('writeVoc', () => {
  it('gives back what it reads', async () => {
    const root = tree('again', {
      a: xml(object('x&lt;y', [1, 1, 9, 8], '<pose>Left</pose><occluded>1</occluded>')),
      e: xml('', '<filename>e.jpg</filename><size><width>7</width><height>6</height><depth>1</depth></size>'),
    });
    const data = await readVoc(root, {}, new Warnings());
    const out = await write('again2', data);
    expect(readFileSync(join(out, 'ImageSets/Main/train.txt'), 'utf8')).toBe('a\ne\n');
    const { objects, images } = await readVoc(out, { set: 'train' }, new Warnings());
    expect(images).toEqual(data.images);
    expect(objects[0].fields).toEqual({ ...data.objects[0].fields, truncated: 0, difficult: 0 });
  });

  it('widens boxes to whole pixels, and tells', async () => {
    const root = tree('fractions', { a: xml(object('x', [1, 1, 2, 2]).repeat(4)) });
    const data = await readVoc(root, {}, new Warnings());
    const boxes = [
      [1.5, 2.2, 2.1, 3.3],
      [4, 4, 0, 2],
      [0.1 + 0.2 - 0.3, 0, 1, 1],
      [2, 2, 2, 2],
    ] as const;
    const objects = data.objects.map((one, i) => ({
      ...one,
      ...(boxes[i].length === 4 ? { box: boxes[i] } : {}),
      isCrowd: i === 3,
    }));
    const warnings = new Warnings();
    const out = await write('fractions2', { ...data, objects }, warnings);
    const corners = parseVocXml(readFileSync(join(out, 'Annotations/a.xml'), 'utf8'), 'a').objects;
    expect(corners.map(({ xmin, ymin, xmax, ymax }) => [xmin, ymin, xmax, ymax])).toEqual([
      [2, 3, 4, 6],
      [5, 5, 5, 6],
      [1, 1, 1, 1],
      [3, 3, 4, 4],
    ]);
    expect(corners.map(({ flags }) => flags.difficult)).toEqual([0, 0, 0, 1]);
    expect(warnings.lines().map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'boxes with fractions of pixels, widened to whole pixels: 2',
      'boxes without an extent, written as one pixel wide or high: 1',
      'crowds, written as difficult objects: 1',
    ]);
  });
});

describe('trees that people have', () => {
  it.skipIf(!existsSync(shared))('apollo_cars names .png where the files are .jpg', async () => {
    const root = join(shared, 'apollo_cars/VOC2007');
    const warnings = new Warnings();
    const { images, objects } = await readVoc(root, {}, warnings);
    expect([images.length, objects.length]).toEqual([98, countOf('<object>', join(root, 'Annotations'))]);
    expect(images.every(({ fileName }) => existsSync(join(root, 'JPEGImages', fileName)))).toBe(true);
    expect(warnings.lines()).toHaveLength(2);
    expect(warnings.lines()[0]).toMatch(/another extension.*: 98 /);
  });

  it.skipIf(!existsSync(shared))('voc2012 comes back as it was', async () => {
    const root = join(shared, 'voc2012_100imgs');
    const data = await readVoc(root, {}, new Warnings());
    const out = await write('voc2012', data);
    const files = readdirSync(join(root, 'Annotations'));
    expect(files).toHaveLength(100);
    for (const file of files) {
      const [before, after] = [root, out].map((folder) => {
        return parseVocXml(readFileSync(join(folder, 'Annotations', file), 'utf8'), file);
      });
      expect(after).toEqual({ ...before, objects: before.objects.map((one) => ({ ...one, parts: 0 })) });
    }
  });
});

function countOf(text: string, folder: string): number {
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.reduce((sum, content) => sum + content.split(text).length - 1, 0);
}
