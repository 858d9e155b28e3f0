import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readTrainingDataset,
  readValidationDataset,
  type TrainingDataOptions,
  type TrainingDataset,
} from '../../../src/data/training/dataset';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { temporaryFolder } from '../temporary_folder';
import { cocoText, rectangle, writeImage, type TestObject } from './dataset_files';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../../shared/data');

const defaults: TrainingDataOptions = {
  categories: null,
  keepEmptyImages: false,
  minObjectArea: 1,
  minObjectSide: 1,
};
const images = [
  { id: 7, file_name: 'a.png', width: 50, height: 20 },
  { id: 3, file_name: 'sub/b.png', width: 40, height: 30 },
];
const categories = [
  { id: 9, name: 'grain' },
  { id: 4, name: 'pore' },
];
const grain = (image: number, shape: Partial<TestObject>): TestObject => ({
  image_id: image,
  category_id: 9,
  ...shape,
});

interface Reading {
  readonly dataset: TrainingDataset;
  readonly warnings: string[];
}

async function read(
  annotations: readonly TestObject[],
  options: Partial<TrainingDataOptions> = {},
  listed: readonly { id: number; file_name: string }[] = images,
): Promise<Reading> {
  images.forEach(({ file_name, width, height }, i) => {
    writeImage(at(file_name), width, height, i);
  });
  const path = at('ann.json');
  writeFileSync(path, cocoText(listed, categories, annotations));
  const warnings = new Warnings();
  const dataset = await readTrainingDataset(path, at(), { ...defaults, ...options }, warnings);
  return { dataset, warnings: warnings.lines() };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message.replaceAll(at(), 'DIR');
}

describe('readTrainingDataset', () => {
  it('gives images in the order of the file, with boxes of masks, labels, placements and runs', async () => {
    const { dataset, warnings } = await read([
      grain(3, { segmentation: rectangle(2, 3, 5, 4), bbox: [0, 0, 40, 30] }),
      grain(7, { category_id: 4, segmentation: rectangle(10, 0, 40, 20) }),
      grain(3, { iscrowd: 1, segmentation: { size: [30, 40], counts: [30 * 38, 60] } }),
    ]);
    expect(warnings).toEqual([]);
    expect(dataset.classNames).toEqual(['pore', 'grain']);
    expect(dataset.categoryIds).toEqual([4, 9]);
    expect(dataset.images.map(({ id, fileName, path, width, height }) => [id, fileName, path, width, height])).toEqual([
      [7, 'a.png', at('a.png'), 50, 20],
      [3, 'sub/b.png', at('sub/b.png'), 40, 30],
    ]);
    const [a, b] = dataset.images;
    expect([a.objects, [...a.boxes], [...a.labels], [...a.crowd]]).toEqual([1, [10, 0, 50, 20], [1], [0]]);
    expect([[...a.placements], a.words]).toEqual([[10, 0, 2, 20, 0], 40]);
    expect([...a.runs]).toEqual([200, 800]);
    expect([b.objects, [...b.boxes], [...b.labels]]).toEqual([2, [2, 3, 7, 7, 38, 0, 40, 30], [2, 2]]);
    expect([[...b.crowd], [...b.placements], b.words]).toEqual([[0, 1], [2, 3, 1, 4, 0, 38, 0, 1, 30, 4], 34]);
    expect([...b.runEnds]).toEqual([b.runs.length - 2, b.runs.length]);
    expect([dataset.maxObjects, dataset.maxWords]).toEqual([2, 40]);
  });

  it('learns the named categories in their order, and leaves out images that hold nothing to learn', async () => {
    const annotations = [
      grain(7, { segmentation: rectangle(0, 0, 3, 3) }),
      grain(3, { category_id: 4, segmentation: rectangle(0, 0, 3, 3) }),
    ];
    const both = await read(annotations, { categories: ['grain', 'pore'] });
    expect(both.dataset.categoryIds).toEqual([9, 4]);
    const pores = await read(annotations, { categories: ['pore'] });
    expect(pores.dataset.images.map(({ id }) => id)).toEqual([3]);
    expect([pores.dataset.classNames, [...pores.dataset.images[0].labels]]).toEqual([['pore'], [1]]);
    const kept = await read(annotations, { categories: ['pore'], keepEmptyImages: true });
    expect(kept.dataset.images.map(({ id, objects }) => [id, objects])).toEqual([
      [7, 0],
      [3, 1],
    ]);
    expect([kept.dataset.images[0].words, kept.dataset.maxWords]).toEqual([0, 3]);
  });

  it('takes an image of crowd regions alone for one without objects', async () => {
    const annotations = [
      grain(7, { segmentation: rectangle(0, 0, 3, 3) }),
      grain(3, { iscrowd: 1, segmentation: { size: [30, 40], counts: [0, 1200] } }),
    ];
    expect((await read(annotations)).dataset.images.map(({ id }) => id)).toEqual([7]);
    expect((await read(annotations, { keepEmptyImages: true })).dataset.images).toHaveLength(2);
  });

  it('leaves out what is too small or empty and counts it by kind', async () => {
    const { dataset, warnings } = await read(
      [
        grain(7, { segmentation: rectangle(0, 0, 3, 4) }),
        grain(7, { segmentation: rectangle(5, 0, 3, 3) }),
        grain(7, { segmentation: rectangle(10, 0, 2, 6) }),
        grain(7, { segmentation: rectangle(60, 0, 5, 5) }),
        grain(7, { segmentation: [[1, 1, 1.1, 1, 1.1, 1.1]] }),
        grain(7, { iscrowd: 1, segmentation: { size: [20, 50], counts: [0, 1, 999] } }),
        grain(7, { bbox: [45, -5, 20, 10] }),
      ],
      { minObjectArea: 10, minObjectSide: 3 },
    );
    expect([...dataset.images[0].boxes]).toEqual([0, 0, 3, 4, 0, 0, 1, 1, 45, 0, 50, 5]);
    expect([...dataset.images[0].crowd]).toEqual([0, 1, 1]);
    expect([...dataset.images[0].placements.subarray(10)]).toEqual([0, 0, 0, 0, 0]);
    expect(warnings.filter((line) => !line.startsWith('boxes that reach'))).toEqual([
      'objects of fewer than 10 pixels (data.min_object_area), left out: 1 (annotation 2 of image 7)',
      'objects narrower than 3 pixels (data.min_object_side), left out: 1 (annotation 3 of image 7)',
      'objects without a pixel in their image, left out: 2 (annotation 4 of image 7, annotation 5 of image 7)',
      'objects without a mask, neither learnt nor taken as background: 1 (annotation 7 of image 7)',
    ]);
  });

  it('says what is wrong, and the way out', async () => {
    const one = grain(7, { segmentation: rectangle(0, 0, 3, 3) });
    expect(await refusal(read([one], { categories: ['grian'] }))).toBe(
      'data.categories: "grian" is no category of DIR/ann.json, did you mean "grain"?',
    );
    expect(await refusal(read([one], { categories: ['bubble'] }))).toBe(
      'data.categories: "bubble" is no category of DIR/ann.json, which has "grain", "pore"',
    );
    expect(await refusal(read([one], { categories: ['grain', 'grain'] }))).toContain('names "grain" twice');
    expect(await refusal(read([one], { categories: ['pore'] }))).toContain('holds no object to learn of "pore"');
    expect(await refusal(read([grain(7, { bbox: [1, 1, 4, 4] })]))).toContain('has boxes but no masks');
    const unsized = [{ id: 7, file_name: 'a.png' }];
    const runs = { size: [20, 50], counts: [0, 1000] };
    expect(await refusal(read([grain(7, { segmentation: runs })], {}, unsized))).toBe(
      'annotation file DIR/ann.json lacks "width" and "height" of 1 of 1 images (the first is image 7): add them',
    );
    const absent = [...images, ...[1, 2].map((id) => ({ ...images[0], id, file_name: `absent${id}.png` }))];
    const onAbsent = [one, ...[1, 2].map((id) => ({ ...one, image_id: id }))];
    expect(await refusal(read(onAbsent, {}, absent))).toContain(
      'lacks 2 of 3 images of DIR/ann.json (absent1.png, absent2.png)',
    );
  });

  it.skipIf(!existsSync(shared))('reads the nuclei whole: 416 images, one class, 375 objects at most', async () => {
    const warnings = new Warnings();
    const dataset = await readTrainingDataset(
      `${shared}/nuclei/annotations/train_rle.json`,
      `${shared}/nuclei/images`,
      defaults,
      warnings,
    );
    expect([dataset.images.length, dataset.classNames.length, dataset.maxObjects]).toEqual([416, 1, 375]);
    expect(dataset.images.reduce((sum, { objects }) => sum + objects, 0)).toBe(17_732);
    expect(warnings.lines()).toEqual([]);
  });
});

describe('readValidationDataset', () => {
  it('matches classes by name and keeps every image and object of them', async () => {
    const { dataset: training } = await read([grain(7, { segmentation: rectangle(0, 0, 3, 3) })]);
    const path = at('val.json');
    const others = [
      { id: 1, name: 'pore' },
      { id: 2, name: 'grain' },
      { id: 3, name: 'rim' },
    ];
    const objects = [3, 2, 1].map((category_id) => ({
      image_id: 3,
      category_id,
      segmentation: rectangle(0, 0, category_id, 1),
    }));
    writeFileSync(path, cocoText(images, others, objects));
    const warnings = new Warnings();
    const classNames = ['grain', 'pore'];
    const validation = await readValidationDataset(path, at(), { ...training, classNames }, warnings);
    expect(warnings.lines()).toEqual([
      'validation images that are also trained on, whose figures say little: 1 (a.png)',
    ]);
    expect(validation.categoryIds).toEqual([2, 1]);
    expect(validation.images.map(({ id, path: file }) => [id, file])).toEqual([
      [7, at('a.png')],
      [3, at('sub/b.png')],
    ]);
    expect(validation.dataset.annotations.map(({ id, mask }) => [id, mask?.height])).toEqual([
      [2, 30],
      [3, 30],
    ]);
    expect(await refusal(readValidationDataset(path, at(), { ...training, classNames: ['grains'] }, warnings))).toBe(
      'validation: "grains" is no category of DIR/val.json, did you mean "grain"?',
    );
  });
});
