import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Convertible } from '../../../src/data/convert/convertible';
import { readMaskFolder, writeLabelImages } from '../../../src/data/convert/mask_folder';
import { OutputFolder } from '../../../src/data/output_folder';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { rleDecode, rleEncode, rleFromCoco } from '../../../src/eval/rle';
import { temporaryFolder } from '../temporary_folder';
import { readGrey, writeColours, writeGrey } from './png_files';

const at = temporaryFolder();

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'done',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

/** The masks of a dataset as rows of 0 and 1, from the segmentation that would be written. */
function masks({ objects }: Convertible): number[][][] {
  return objects.map(({ fields }) => {
    const rle = rleFromCoco(fields.segmentation as { size: [number, number]; counts: string });
    const mask = rleDecode(rle);
    return Array.from({ length: rle.height }, (_, y) => {
      return Array.from({ length: rle.width }, (_, x) => mask[x * rle.height + y]);
    });
  });
}

describe('readMaskFolder', () => {
  it('reads label images of 8 and 16 bit, in natural order', async () => {
    const folder = at('labels');
    const tall = [
      [0, 700, 700],
      [3, 0, 65535],
    ];
    writeGrey(at('labels', 'b10.png'), tall, 16);
    writeGrey(at('labels', 'b2.png'), [
      [9, 0],
      [9, 7],
    ]);
    const warnings = new Warnings();
    const data = await readMaskFolder(folder, { category: 'grain' }, warnings);
    expect(data.header).toEqual({
      images: [
        { id: 1, file_name: 'b2.png', width: 2, height: 2 },
        { id: 2, file_name: 'b10.png', width: 3, height: 2 },
      ],
      categories: [{ id: 1, name: 'grain' }],
    });
    expect(masks(data)).toEqual([
      [
        [0, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [1, 0],
      ],
      [
        [0, 0, 0],
        [1, 0, 0],
      ],
      [
        [0, 1, 1],
        [0, 0, 0],
      ],
      [
        [0, 0, 0],
        [0, 0, 1],
      ],
    ]);
    expect(data.objects[3].fields).toMatchObject({
      ...{ id: 4, image_id: 2, category_id: 1, bbox: [1, 0, 2, 1], area: 2, iscrowd: 0 },
    });
    expect(warnings.lines()).toEqual([]);
  });

  it('reads labels that are colours', async () => {
    const [black, red, blue] = [
      [0, 0, 0],
      [128, 0, 0],
      [0, 0, 128],
    ];
    writeColours(at('colours', 'a.png'), [[black, red, blue, red]]);
    const data = await readMaskFolder(at('colours'), {}, new Warnings());
    expect(masks(data)).toEqual([[[0, 0, 1, 0]], [[0, 1, 0, 1]]]);
  });

  it('reads a folder for each image, as the Data Science Bowl has them', async () => {
    const folder = at('bowl');
    const image = [[1, 2, 3]];
    writeGrey(at('bowl', 'one', 'images', 'one.png'), image);
    writeGrey(at('bowl', 'one', 'masks', 'x.png'), [[255, 255, 0]]);
    writeGrey(at('bowl', 'one', 'masks', 'y.png'), [[0, 128, 255]]);
    writeGrey(at('bowl', 'one', 'masks', 'z.png'), [[0, 0, 0]]);
    writeGrey(at('bowl', 'two', 'only.png'), [[0], [1]]);
    const warnings = new Warnings();
    const data = await readMaskFolder(folder, {}, warnings);
    expect(data.images).toEqual([
      { id: 1, fileName: 'one/images/one.png', width: 3, height: 1 },
      { id: 2, fileName: 'two.png', width: 1, height: 2 },
    ]);
    // every value but 0 belongs to the object, and objects may overlap
    expect(masks(data)).toEqual([[[1, 1, 0]], [[0, 1, 1]], [[0], [1]]]);
    expect(warnings.lines()).toEqual([`empty masks, left out: 1 (${at('bowl', 'one', 'masks', 'z.png')})`]);
  });

  it('takes names and sizes from the images, also where masks have names of their own', async () => {
    writeGrey(at('named', 'images', 'a.png'), [[5, 5]]);
    writeGrey(at('named', 'images', 'b.tif.png'), [[5, 5]]);
    writeGrey(at('named', 'masks', 'a_cp_masks.png'), [[1, 2]]);
    writeGrey(at('named', 'masks', 'c.png'), [[1, 2]]);
    const beside = await readMaskFolder(at('named'), {}, new Warnings());
    expect(beside.images.map(({ fileName }) => fileName)).toEqual(['images/a.png', 'c.png']);
    const warnings = new Warnings();
    const named = await readMaskFolder(at('named', 'masks'), { images: at('named', 'images') }, warnings);
    expect(named.images.map(({ fileName }) => fileName)).toEqual(['a.png', 'c.png']);
    expect(warnings.lines()).toEqual([
      `masks without an image of their name in ${at('named', 'images')}, named .png: 1 (c)`,
    ]);
  });

  it('tells of images in place of masks', async () => {
    const rows = (value: (x: number, y: number) => number): number[][] =>
      Array.from({ length: 40 }, (_, y) => Array.from({ length: 40 }, (_, x) => value(x, y)));
    writeGrey(at('photographs', 'a.png'), rows((x, y) => 100 + ((x * 7 + y * 13) % 5))); // prettier-ignore
    writeGrey(at('photographs', 'b.png'), rows((x, y) => (x % 8 > 1 && y % 8 > 1 ? 1 + (x >> 3) + 5 * (y >> 3) : 0))); // prettier-ignore
    const warnings = new Warnings();
    await readMaskFolder(at('photographs'), {}, warnings);
    expect(warnings.lines()).toEqual([
      `masks that look like photographs (are masks and images swapped?): 1 (${at('photographs', 'a.png')})`,
    ]);
  });

  it('splits a mask of all objects into its parts', async () => {
    writeGrey(at('binary', 'a.png'), [
      [255, 255, 0, 255],
      [0, 0, 0, 255],
      [255, 0, 0, 0],
    ]);
    const warnings = new Warnings();
    expect(masks(await readMaskFolder(at('binary'), {}, warnings))).toHaveLength(1);
    expect(warnings.lines()[0]).toMatch(/one label only, taken as one object each \(--split .*: 1 \(/);
    const split = await readMaskFolder(at('binary'), { split: true }, new Warnings());
    expect(split.objects.map(({ box }) => box)).toEqual([
      [0, 0, 2, 1],
      [0, 2, 1, 1],
      [3, 0, 1, 2],
    ]);
  });

  it('refuses folders and files of another form', async () => {
    mkdirSync(at('empty'));
    expect(await refusal(readMaskFolder(at('empty'), {}, new Warnings()))).toMatch(/holds no masks: a PNG with labels/);
    expect(await refusal(readMaskFolder(at('absent'), {}, new Warnings()))).toMatch(/absent does not exist/);
    mkdirSync(at('bad'));
    writeFileSync(at('bad', 'a.png'), 'no image');
    expect(await refusal(readMaskFolder(at('bad'), {}, new Warnings()))).toMatch(/bad\/a\.png is a text file/);
    writeFileSync(at('bad', 'a.png'), Uint8Array.of(0xff, 0xd8, 0xff, 0xe0));
    expect(await refusal(readMaskFolder(at('bad'), {}, new Warnings()))).toMatch(/is a JPEG file, which changes/);
  });

  it('refuses sizes that differ', async () => {
    writeGrey(at('sizes', 'i', 'a.png'), [[1, 0]]);
    writeGrey(at('sizes', 'i', 'b.png'), [[1], [0]]);
    expect(await refusal(readMaskFolder(at('sizes'), {}, new Warnings()))).toMatch(
      /b\.png is 1x2, others of i are 2x1/,
    );
    writeGrey(at('sizes2', 'masks', 'a.png'), [[1, 0]]);
    writeGrey(at('sizes2', 'images', 'a.png'), [[1, 0, 0]]);
    expect(await refusal(readMaskFolder(at('sizes2'), {}, new Warnings()))).toMatch(
      /masks of a are 2x1, but .*images\/a\.png has 3x1/,
    );
  });
});

/** A dataset of one image with these masks, given as rows. */
function dataset(rows: number[][][], crowd: readonly number[] = []): Convertible {
  const [height, width] = [rows[0].length, rows[0][0].length];
  const objects = rows.map((mask, i) => {
    const columns = Array.from({ length: width * height }, (_, k) => mask[k % height][Math.floor(k / height)]);
    const isCrowd = crowd.includes(i);
    const mine = rleEncode(columns, height, width);
    return { fields: {}, imageId: 4, categoryId: 1, box: [0, 0, 1, 1] as const, isCrowd, score: 1, mask: mine };
  });
  const images = [{ id: 4, fileName: 'sub/a.jpg', width, height }];
  return { kind: 'dataset', header: {}, images, categories: [], objects };
}

async function written(name: string, data: Convertible, warnings = new Warnings()) {
  const folder = await OutputFolder.create(at(name));
  await writeLabelImages(folder, data, warnings);
  await folder.commit();
  return readGrey(at(name, 'a.png'));
}

describe('writeLabelImages', () => {
  it('numbers the objects; later ones cover earlier ones, which is told', async () => {
    const warnings = new Warnings();
    const data = dataset([[[1, 1, 0, 0]], [[0, 0, 1, 0]], [[0, 1, 1, 0]], [[1, 1, 1, 1]]], [3]);
    expect(await written('out8', data, warnings)).toEqual({ depth: 8, rows: [[1, 3, 3, 0]] });
    expect(warnings.lines()).toEqual([
      'crowds, which are no single objects, left out: 1 (annotations[3])',
      'images whose objects overlap, where the later one is written: 1 (a.png)',
      'objects without a pixel of their own, lost: 1 (object 2 of a.png)',
    ]);
  });

  it('writes 16 bit for more than 255 objects, and reads them back', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => [Array.from({ length: 301 }, (_, x) => (x === i ? 1 : 0))]);
    const { depth, rows: labels } = await written('out16', dataset(rows));
    expect(depth).toBe(16);
    expect(labels[0]).toEqual([...Array.from({ length: 300 }, (_, i) => i + 1), 0]);
    expect(masks(await readMaskFolder(at('out16'), {}, new Warnings()))).toEqual(rows);
  });

  it('needs masks and sizes', async () => {
    const data = dataset([[[1]]]);
    const folder = await OutputFolder.create(at('none'));
    const boxes = { ...data, objects: data.objects.map((object) => ({ ...object, mask: undefined })) };
    expect(await refusal(writeLabelImages(folder, boxes, new Warnings()))).toMatch(/annotations\[0\] has a box only/);
    const unsized = { ...data, images: [{ id: 4, fileName: 'a.jpg', width: 0, height: 0 }] };
    expect(await refusal(writeLabelImages(folder, unsized, new Warnings()))).toMatch(/image 4 \(a\.png\) has no width/);
    await folder.abort();
  });
});
