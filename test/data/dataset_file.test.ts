import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDataset, type DatasetReading } from '../../src/data/dataset_file';
import { Warnings } from '../../src/data/warnings';
import { InputError } from '../../src/errors';
import type { Dataset } from '../../src/eval/dataset';
import { mutatedTexts } from './mutations';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../shared/data');

/** A rectangle of the pixels x from 1 to 4, y from 1 to 3: 12 pixels. */
const rectangle = [1, 1, 5, 1, 5, 4, 1, 4];
const rectangleCounts = [7, 3, 3, 3, 3, 3, 3, 3, 32];
const images = [
  { id: 5, file_name: 'a.png', width: 10, height: 6 },
  { id: 2, file_name: 'sub/b.png', width: 8, height: 4 },
];
const categories = [
  { id: 90, name: 'nut', supercategory: 'food' },
  { id: 3, name: 'fruit' },
];
const polygon = { id: 11, image_id: 5, category_id: 90, segmentation: [rectangle] };
const runs = { id: 12, image_id: 5, category_id: 3, segmentation: { size: [6, 10], counts: rectangleCounts } };
/** The string that pycocotools makes of the same mask. */
const compressed = { id: 13, image_id: 5, category_id: 3, segmentation: { size: [6, 10], counts: '73300000m0' } };
const box = { id: 14, image_id: 2, category_id: 3, bbox: [1.5, 0, 2, 3.25] };
const valid = { info: {}, images, categories, annotations: [polygon, runs, compressed, box] };

function write(content: unknown): string {
  const path = at('ann.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function read(content: unknown, options?: DatasetReading): Promise<{ dataset: Dataset; warnings: string[] }> {
  const warnings = new Warnings();
  const dataset = await readDataset(write(content), warnings, options);
  return { dataset, warnings: warnings.lines() };
}

async function refusal(content: unknown, options?: DatasetReading): Promise<string> {
  const error: unknown = await read(content, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).toContain(at('ann.json'));
  expect(message).not.toContain('\n');
  return message;
}

/** The valid file with annotation 1 changed. */
function withAnnotation(fields: object): unknown {
  return { ...valid, annotations: [polygon, { ...runs, ...fields }] };
}

describe('readDataset', () => {
  it('reads images, categories and annotations in the order of the file', async () => {
    const { dataset, warnings } = await read(valid);
    expect(warnings).toEqual([]);
    expect(dataset.images).toEqual([
      { id: 5, fileName: 'a.png', width: 10, height: 6 },
      { id: 2, fileName: 'sub/b.png', width: 8, height: 4 },
    ]);
    expect(dataset.categories).toEqual([
      { id: 90, name: 'nut' },
      { id: 3, name: 'fruit' },
    ]);
    const rest = { imageId: 5, box: [1, 1, 4, 3], area: 12, isCrowd: false };
    expect(dataset.annotations).toEqual([
      { ...rest, id: 11, categoryId: 90, segmentation: [rectangle] },
      { ...rest, id: 12, categoryId: 3, segmentation: runs.segmentation },
      { ...rest, id: 13, categoryId: 3, segmentation: compressed.segmentation },
      { id: 14, imageId: 2, categoryId: 3, box: [1.5, 0, 2, 3.25], area: 6.5, isCrowd: false },
    ]);
  });

  it('decodes all three forms of a mask to the same runs, if asked', async () => {
    const { annotations } = (await read(valid, { masks: true })).dataset;
    const mask = { height: 6, width: 10, counts: Uint32Array.from(rectangleCounts) };
    expect(annotations.map((annotation) => annotation.mask)).toEqual([mask, mask, mask, undefined]);
  });

  it("takes the file's own box and area before the mask's", async () => {
    const own = withAnnotation({ bbox: [0, 0, 9.5, 6], area: 11.5, iscrowd: 1 });
    expect((await read(own)).dataset.annotations[1]).toMatchObject({ box: [0, 0, 9.5, 6], area: 11.5, isCrowd: true });
    const none = withAnnotation({ bbox: null, area: null, iscrowd: false });
    expect((await read(none)).dataset.annotations[1]).toMatchObject({ box: [1, 1, 4, 3], area: 12, isCrowd: false });
  });

  it('needs no image sizes and file names where nothing depends on them', async () => {
    const bare = { images: [{ id: 5 }, { id: 2, width: null }], categories, annotations: [runs, box] };
    const { dataset } = await read(bare, { masks: true });
    expect(dataset.images[0]).toEqual({ id: 5, fileName: '', width: 0, height: 0 });
    expect(dataset.annotations[0].mask).toMatchObject({ height: 6, width: 10 });
    expect(await refusal({ ...bare, annotations: [polygon] })).toMatch(
      /annotations\[0\] has polygons, but the width and height of image 5 are not known: add "width" and "height"/,
    );
  });

  it('takes an empty segmentation for none, and annotations without objects', async () => {
    const { dataset } = await read(withAnnotation({ segmentation: [], bbox: [1, 2, 3, 4] }), { masks: true });
    expect(dataset.annotations[1]).toEqual({
      id: 12,
      imageId: 5,
      categoryId: 3,
      box: [1, 2, 3, 4],
      area: 12,
      isCrowd: false,
    });
    expect((await read({ images, annotations: [] })).dataset).toMatchObject({ categories: [], annotations: [] });
  });

  it('takes a list of test images only where the caller says so', async () => {
    const { dataset } = await read({ images, categories }, { imagesSuffice: true });
    expect([dataset.images.length, dataset.annotations]).toEqual([2, []]);
    expect(await refusal({ images, categories })).toMatch(/is a COCO object that lists images only/);
  });

  it('leaves out polygons of fewer than 3 points, keeps boxes outside, and counts both', async () => {
    const point = [1, 1, 2, 2];
    const { dataset, warnings } = await read(
      {
        ...valid,
        annotations: [
          { ...polygon, segmentation: [point, rectangle, point] },
          { ...polygon, id: 1, segmentation: [point, []] },
          { ...box, bbox: [6.5, -0.3, 2.2, 4] },
          { ...box, id: 2, bbox: [-1, 0, 3, 4] },
          { ...box, id: 3, bbox: [7, 3, 1.4, 1.4] },
        ],
      },
      { masks: true },
    );
    expect(warnings).toEqual([
      `polygons of fewer than 3 points, left out: 4 (annotations[0] of ${at('ann.json')}, annotations[0] of ` +
        `${at('ann.json')}, annotations[1] of ${at('ann.json')}, …)`,
      `boxes that reach outside their image, kept as they are: 2 (annotations[2] of ${at('ann.json')}, ` +
        `annotations[3] of ${at('ann.json')})`,
    ]);
    const [first, second, third] = dataset.annotations;
    expect(first).toMatchObject({ segmentation: [rectangle], area: 12 });
    expect(second).toMatchObject({ segmentation: [], area: 0, box: [0, 0, 0, 0] });
    expect(second.mask?.counts).toEqual(Uint32Array.of(60));
    expect(third.box).toEqual([6.5, -0.3, 2.2, 4]);
  });

  it.each<[string, unknown, RegExp]>([
    ['empty file', '', /annotation file .* is empty: a JSON file is needed/],
    ['cut file', JSON.stringify(valid, null, 1).slice(0, 200), /is cut off: it ends at line \d+, column \d+/],
    [
      'NaN',
      '{"images": [],\n "annotations": [{"bbox": [NaN, 1, 2, 3]}]}',
      /holds NaN at line 2, column 28: JSON has no/,
    ],
    [
      'a list of predictions',
      [{ image_id: 1, score: 1 }],
      /is a results list \(predictions\), but an annotation file .* is needed: name that \(are two files swapped\?\)/,
    ],
    ['the way to make one', [{ image_id: 1, score: 1 }], /`engine submit --pred \S+ann.json --gt ANN.json --out/],
    ['an empty list', [], /is an empty list \(results without a prediction\), but an annotation file/],
    ['a list of images', [{ id: 1, file_name: 'a.png' }], /is a list of images \(images.json of `engine infer`\), but/],
    ['LabelMe', { version: '5', shapes: [], imagePath: 'a.png' }, /is a LabelMe file/],
    ['VIA project', { _via_settings: {}, _via_img_metadata: {} }, /is a VGG Image Annotator project/],
    ['VIA export', { 'a.png123': { filename: 'a.png', regions: [] } }, /is a VGG Image Annotator export/],
    ['CreateML', [{ image: 'a.png', annotations: [] }], /is a CreateML file/],
    ['a configuration', { model: 1, classes: 2 }, /is an object with "model", "classes", but an annotation file/],
    ['a number', '3', /is a single value, but an annotation file/],
    ['no images', { annotations: [], categories }, /has "annotations" but no "images"/],
    ['an empty list of images', { ...valid, images: [] }, /lists no images/],
    ['images of another kind', { ...valid, images: {} }, /"images" is an object: a list is needed/],
    ['annotations of another kind', { ...valid, annotations: 'x' }, /"annotations" is the string "x": a list is/],
    ['an annotation of another kind', { ...valid, annotations: [7] }, /annotations\[0\] is the number 7: an object/],
    ['no categories', { ...valid, categories: undefined }, /has annotations but no categories: add "categories"/],
    ['image id twice', { ...valid, images: [images[0], images[0]] }, /images\[0\] and images\[1\] have the same id 5/],
    ['text for an id', withAnnotation({ id: '7' }), /annotations\[1\]\.id is "7": a whole number is needed, not text/],
    ['no id', withAnnotation({ id: undefined }), /annotations\[1\]\.id is missing: a whole number is needed/],
    ['text for an image id', withAnnotation({ image_id: '5' }), /annotations\[1\]\.image_id is "5": .* not text/],
    ['id twice', withAnnotation({ id: 11 }), /annotations\[0\] and annotations\[1\] have the same id 11: make ids/],
    ['unknown image', withAnnotation({ image_id: 99 }), /annotations\[1\]\.image_id is 99, which "images" does not/],
    [
      'unknown category',
      withAnnotation({ category_id: 1 }),
      /annotations\[1\]\.category_id is 1, which "categories" does not list: correct it/,
    ],
    [
      'several unknown categories',
      { ...valid, annotations: [1, 2, 3].map((id) => ({ ...box, id, category_id: id === 2 ? 3 : id + 6 })) },
      /annotations\[0\]\.category_id is 7, which "categories" does not list \(1 more/,
    ],
    ['negative size', withAnnotation({ bbox: [1, 2, -3, 4] }), /annotations\[1\]\.bbox is \[1,2,-3,4\]: width and/],
    ['null in a box', withAnnotation({ bbox: [1, null, 3, 4] }), /\.bbox is \[1,null,3,4\]: four numbers x, y, width/],
    ['three numbers', withAnnotation({ bbox: [1, 2, 3] }), /annotations\[1\]\.bbox is \[1,2,3\]: four numbers/],
    ['infinite box', JSON.stringify(valid).replace('3.25', '1e999'), /annotations\[3\]\.bbox .*: four numbers/],
    ['negative area', withAnnotation({ area: -1 }), /annotations\[1\]\.area is -1: a number from 0 on is needed/],
    ['iscrowd', withAnnotation({ iscrowd: 2 }), /annotations\[1\]\.iscrowd is 2: 0 or 1 is needed/],
    ['neither box nor mask', withAnnotation({ segmentation: null }), /\[1\] has neither "bbox" nor "segmentation"/],
    ['a mask in words', withAnnotation({ segmentation: 'x' }), /\.segmentation is the string "x": polygons or run/],
    ['a flat polygon', withAnnotation({ segmentation: rectangle }), /\.segmentation is one list of numbers: a list of/],
    [
      'a polygon of points',
      withAnnotation({
        segmentation: [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      }),
      /\.segmentation\[0\]\[0\] is \[1,2\]: a polygon is a list of numbers/,
    ],
    [
      'text in a polygon',
      withAnnotation({ segmentation: [rectangle, [1, 2, '3', 4, 5, 6]] }),
      /\.segmentation\[1\]\[2\] is "3": a polygon is a list of numbers/,
    ],
    [
      'an odd polygon',
      withAnnotation({ segmentation: [rectangle.slice(1)] }),
      /\.segmentation\[0\] has 7 numbers: x and y of each point/,
    ],
    [
      'no size',
      withAnnotation({ segmentation: { counts: [60] } }),
      /\.segmentation\.size is missing: run lengths need/,
    ],
    [
      'text in a size',
      withAnnotation({ segmentation: { size: ['6', 10], counts: [60] } }),
      /\.segmentation\.size\.height is "6": a whole number from 1 on is needed, not text/,
    ],
    [
      'no counts',
      withAnnotation({ segmentation: { size: [6, 10] } }),
      /\.segmentation\.counts is missing: a compressed/,
    ],
    [
      'runs too short',
      withAnnotation({ segmentation: { size: [6, 10], counts: [7, 3] } }),
      /annotations\[1\]\.segmentation: RLE counts add up to 10 pixels, but size \[6, 10\] has 60/,
    ],
    [
      'a cut string',
      withAnnotation({ segmentation: { size: [6, 10], counts: '733' } }),
      /annotations\[1\]\.segmentation: RLE counts add up to/,
    ],
    [
      'text in counts',
      withAnnotation({ segmentation: { size: [6, 10], counts: [7, '3'] } }),
      /\.segmentation\.counts\[1\] is "3": a whole number from 0 on is needed/,
    ],
    [
      'another size',
      withAnnotation({ segmentation: { size: [10, 6], counts: [60] } }),
      /\.segmentation\.size is \[10, 6\], but image 5 has 10x6 pixels \(\[6, 10\]\)/,
    ],
    [
      'a size beyond any mask',
      withAnnotation({ segmentation: { size: [1e6, 1e6], counts: [1e12] } }),
      /\.segmentation\.size is \[1000000,1000000\]: a mask has at most/,
    ],
    [
      'a coordinate beyond any image',
      withAnnotation({ segmentation: [[0, 0, 1e7, 0, 5, 5]] }),
      /annotations\[1\]\.segmentation: a polygon holds the coordinate 10000000/,
    ],
  ])('refuses %s', async (_, content, pattern) => {
    expect(await refusal(content, { masks: true })).toMatch(pattern);
  });

  it('names the role that the caller gives', async () => {
    expect(await refusal([], { what: 'ground truth' })).toMatch(/^ground truth .* is an empty list/);
    await expect(readDataset(at('none.json'), new Warnings())).rejects.toThrow(/none.json does not exist: check the/);
  });

  it('reads or refuses in one sentence whatever a file near a valid one holds', async () => {
    await fc.assert(
      fc.asyncProperty(mutatedTexts(valid), fc.boolean(), async (text, masks) => {
        const error: unknown = await read(text, { masks }).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error !== null) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as InputError).message).toContain(`annotation file ${at('ann.json')}`);
          expect((error as InputError).message).not.toMatch(/\n|undefined|\[object/);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe.skipIf(!existsSync(shared))('readDataset on real files (needs ../shared)', () => {
  it('derives the boxes and areas that the nuclei file states', async () => {
    const path = resolve(shared, 'nuclei/annotations/val_rle.json');
    const stated = JSON.parse(readFileSync(path, 'utf8')) as { annotations: { bbox: number[]; area: number }[] };
    const bare = stated.annotations.map((annotation) => ({ ...annotation, bbox: undefined, area: undefined }));
    const { dataset, warnings } = await read({ ...stated, annotations: bare });
    expect(warnings).toEqual([]);
    expect(dataset.annotations.length).toBe(2356);
    expect(dataset.annotations.map(({ box: found, area }) => [found, area])).toEqual(
      stated.annotations.map(({ bbox, area }) => [bbox, area]),
    );
  });

  it.each([
    ['powder/train.json', 829],
    ['coco2017_mini/annotations/instances_val.json', 1692],
    ['eval/cocoapi/instances_val2014_100.json', 839],
    ['eval/small_cases/gt_dataset.json', 9],
    ['eval/review_odm/voc100_gt.json', 273],
  ])('reads %s', async (path, count) => {
    const warnings = new Warnings();
    const { annotations } = await readDataset(resolve(shared, path), warnings, { masks: true });
    expect([annotations.length, warnings.lines()]).toEqual([count, []]);
  });

  it('refuses the string ids of a real file', async () => {
    const path = resolve(shared, 'eval/small_cases/gt_ignore_test.json');
    await expect(readDataset(path, new Warnings())).rejects.toThrow(/images\[0\]\.id is "2299": .* not text/);
  });
});
