import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/data/dataset_file';
import { readPredictions, type PredictionFile, type PredictionReading } from '../../src/data/prediction_file';
import { Warnings } from '../../src/data/warnings';
import { InputError } from '../../src/errors';
import type { Dataset } from '../../src/eval/dataset';
import { mutatedTexts } from './mutations';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../shared/data/eval');

/** A rectangle of the pixels x from 1 to 4, y from 1 to 3: 12 pixels. */
const rectangle = [1, 1, 5, 1, 5, 4, 1, 4];
const rectangleCounts = [7, 3, 3, 3, 3, 3, 3, 3, 32];
const runs = { size: [6, 10], counts: rectangleCounts };
const dataset: Dataset = {
  images: [
    { id: 5, fileName: 'a.png', width: 10, height: 6 },
    { id: 2, fileName: 'b.png', width: 8, height: 4 },
    { id: 3, fileName: 'c.png', width: 0, height: 0 },
  ],
  categories: [{ id: 90, name: 'nut' }],
  annotations: [],
};
const one = { image_id: 5, category_id: 90, score: 0.5 };
const masked = { ...one, segmentation: runs };
const boxed = { ...one, image_id: 2, bbox: [1, 0, 2, 2.5], score: 0.25 };
const submission = {
  images: [{ id: 5, file_name: 'a.png', width: 10, height: 6 }],
  categories: [{ id: 90, name: 'nut' }],
  annotations: [{ id: 1, image_id: 5, category_id: 90, segmentation: [rectangle], bbox: [1, 1, 4, 4], area: 99 }],
};

async function read(
  content: unknown,
  options: PredictionReading = {},
): Promise<{ file: PredictionFile; warnings: string[] }> {
  const warnings = new Warnings();
  writeFileSync(at('pred.json'), typeof content === 'string' ? content : JSON.stringify(content));
  const file = await readPredictions(at('pred.json'), warnings, options);
  return { file, warnings: warnings.lines() };
}

async function refusal(content: unknown, options?: PredictionReading): Promise<string> {
  const error: unknown = await read(content, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).toContain(`predictions ${at('pred.json')}`);
  expect(message).not.toContain('\n');
  return message;
}

describe('readPredictions', () => {
  it('reads a results list of masks: box and area from the mask', async () => {
    const string = { ...masked, segmentation: { size: [6, 10], counts: '73300000m0' }, score: -3.5 };
    const { file, warnings } = await read([masked, string], { masks: true });
    const rest = { imageId: 5, categoryId: 90, box: [1, 1, 4, 3], area: 12 };
    const mask = { height: 6, width: 10, counts: Uint32Array.from(rectangleCounts) };
    expect(file).toEqual({
      kind: 'results',
      hasBoxes: false,
      images: [],
      categories: [],
      predictions: [
        { ...rest, score: 0.5, segmentation: runs, mask },
        { ...rest, score: -3.5, segmentation: string.segmentation, mask },
      ],
    });
    expect(warnings).toEqual([]);
    expect((await read([masked])).file.predictions[0]).toEqual({ ...rest, score: 0.5, segmentation: runs });
  });

  // https://github.com/cocodataset/cocoapi, PythonAPI/pycocotools/coco.py, loadRes
  it("takes areas as pycocotools' loadRes: the box's where the first object has one, whatever the file says", async () => {
    const both = { ...masked, bbox: [0, 0, 5, 4], area: 77 };
    const areas = async (...entries: object[]) =>
      (await read(entries, { against: dataset })).file.predictions.map(({ area, box }) => [area, ...box]);
    expect(await areas(both, boxed)).toEqual([
      [20, 0, 0, 5, 4],
      [5, 1, 0, 2, 2.5],
    ]);
    expect(await areas(masked, both)).toEqual([
      [12, 1, 1, 4, 3],
      [12, 0, 0, 5, 4],
    ]);
    expect(await areas({ ...both, bbox: [] }, both)).toEqual([
      [12, 1, 1, 4, 3],
      [12, 0, 0, 5, 4],
    ]);
  });

  it('reads an object with annotations, with its own images and categories, and 1 for a missing score', async () => {
    const { file } = await read(submission, { masks: true });
    expect(file).toMatchObject({
      kind: 'dataset',
      images: [{ id: 5, fileName: 'a.png', width: 10, height: 6 }],
      categories: [{ id: 90, name: 'nut' }],
      predictions: [{ imageId: 5, categoryId: 90, score: 1, box: [1, 1, 4, 4], area: 16 }],
    });
    expect(file.predictions[0].mask?.counts).toEqual(Uint32Array.from(rectangleCounts));
    const bare = { annotations: [{ ...masked, score: 0.125 }] };
    expect((await read(bare)).file).toMatchObject({ images: [], categories: [], predictions: [{ score: 0.125 }] });
  });

  it('takes an empty list, and no mask for boxes', async () => {
    expect((await read([], { against: dataset })).file).toMatchObject({ kind: 'results', predictions: [] });
    const { file } = await read([boxed], { masks: true });
    expect(Object.keys(file.predictions[0])).not.toContain('mask');
  });

  it('counts images that the annotation file has under another name, whatever the folder', async () => {
    const named = (file_name: string) => ({ ...submission, images: [{ ...submission.images[0], file_name }] });
    const { warnings } = await read(named('z.png'), { against: dataset });
    expect(warnings).toEqual([
      'images with another name in the annotation file (is it that of the same images?): 1 (z.png is a.png there)',
    ]);
    expect((await read(named('images/a.png'), { against: dataset })).warnings).toEqual([]);
  });

  it('takes image sizes from the annotation file, for polygons and boxes', async () => {
    const polygons = { ...one, segmentation: [rectangle, [1, 2]] };
    const { file, warnings } = await read([polygons, { ...boxed, bbox: [1, 0, 9, 2] }], { against: dataset });
    expect(file.predictions[0]).toMatchObject({ area: 12, box: [1, 1, 4, 3] });
    expect(warnings).toEqual([
      `polygons of fewer than 3 points, left out: 1 ([0] of ${at('pred.json')})`,
      `boxes that reach outside their image, kept as they are: 1 ([1] of ${at('pred.json')})`,
    ]);
    expect(await refusal([polygons])).toMatch(
      /\[0\] has polygons, but the width and height of its image are not known: name an annotation file that has/,
    );
    expect(await refusal([{ ...polygons, image_id: 3 }], { against: dataset })).toMatch(/of image 3 are not known/);
  });

  it.each<[string, unknown, RegExp]>([
    ['an empty file', ' ', /is empty: a JSON file is needed/],
    ['a cut file', '[{"image_id": 5, "cat', /is cut off: it ends at line 1, column 22, before/],
    ['NaN', '[{"image_id": 5,\n"score": NaN}]', /holds NaN at line 2, column 10: JSON has no such number/],
    ['Infinity', '[{"score": -Infinity}]', /holds -Infinity at line 1, column 12/],
    ['an infinite score', '[{"image_id": 5, "category_id": 90, "score": 1e999}]', /\[0\]\.score is Infinity: a number/],
    [
      'a list of images',
      [{ id: 5, file_name: 'a.png' }],
      /is a list of images .*, but predictions are needed: a results/,
    ],
    ['LabelMe', { shapes: [] }, /is a LabelMe file .*, but predictions are needed/],
    ['another object', { predictions: [] }, /is an object with "predictions", but predictions are needed/],
    ['a list of numbers', [1, 2], /is a list of values, but predictions are needed/],
    ['an entry of another kind', [boxed, 3], /: \[1\] is the number 3: an object is needed/],
    ['no score', [boxed, { ...boxed, score: undefined }], /: \[1\]\.score is missing: a number is needed/],
    ['a score in words', [{ ...boxed, score: '0.5' }], /\[0\]\.score is "0\.5": a number is needed, not text/],
    [
      'text for an image id',
      [{ ...boxed, image_id: '2' }],
      /\[0\]\.image_id is "2": a whole number is needed, not text/,
    ],
    [
      'text for a category id',
      [{ ...boxed, category_id: 'nut' }],
      /\[0\]\.category_id is "nut": a whole number is needed/,
    ],
    [
      'unknown images',
      [boxed, { ...boxed, image_id: 7 }, { ...boxed, image_id: 8 }],
      /: \[1\]\.image_id is 7, which the annotation file does not list \(1 more/,
    ],
    [
      'unknown categories',
      [{ ...boxed, category_id: 1 }],
      /: \[0\]\.category_id is 1, which the annotation file does not list: its categories are 90 \(nut\); correct it \(do the classes count from 0\?\)/,
    ],
    [
      'images of another size than in the annotation file',
      { ...submission, images: [{ id: 5, file_name: 'a.png', width: 20, height: 6 }] },
      /: images\[0\] \(id 5\) has 20x6 pixels, but 10x6 in the annotation file: name the annotation file of the images/,
    ],
    [
      "images unknown to the file's own list",
      { ...submission, annotations: [{ ...submission.annotations[0], image_id: 2 }] },
      /annotations\[0\]\.image_id is 2, which the file itself does not list/,
    ],
    [
      'ids used twice',
      { ...submission, annotations: [submission.annotations[0], submission.annotations[0]] },
      /annotations\[0\] and annotations\[1\] have the same id 1: make ids unique/,
    ],
    [
      'a negative height',
      [{ ...boxed, bbox: [1, 2, 3, -4] }],
      /\[0\]\.bbox is \[1,2,3,-4\]: width and height must not/,
    ],
    ['null in a box', [{ ...boxed, bbox: [1, 2, 3, null] }], /\[0\]\.bbox is \[1,2,3,null\]: four numbers/],
    ['neither box nor mask', [boxed, one], /: \[1\] has neither "bbox" nor "segmentation": one of them is needed/],
    [
      'runs that do not cover the image',
      [{ ...one, segmentation: { size: [6, 10], counts: [7, 3, 3] } }],
      /\[0\]\.segmentation: RLE counts add up to 13 pixels, but size \[6, 10\] has 60/,
    ],
    [
      'a size that is not the image’s',
      [{ ...masked, image_id: 2 }],
      /\[0\]\.segmentation\.size is \[6, 10\], but image 2 has 8x4 pixels \(\[4, 8\]\): make masks/,
    ],
    [
      'characters that are no RLE',
      [{ ...one, segmentation: { size: [6, 10], counts: "b'7330'" } }],
      /\[0\]\.segmentation: RLE counts hold the character "'" at position 1/,
    ],
  ])('refuses %s', async (_, content, pattern) => {
    expect(await refusal(content, { masks: true, against: dataset })).toMatch(pattern);
  });

  it('names the role that the caller gives', async () => {
    await expect(read({}, { what: 'detections' })).rejects.toThrow(
      /^detections .* is an empty object, but predictions/,
    );
  });

  it.each<[string, unknown]>([
    ['a results list', [masked, boxed, { ...one, segmentation: [rectangle] }]],
    ['a submission', submission],
  ])('reads or refuses in one sentence whatever a file near %s holds', async (_, valid) => {
    await fc.assert(
      fc.asyncProperty(mutatedTexts(valid), fc.boolean(), fc.boolean(), async (text, masks, known) => {
        const options = { masks, ...(known ? { against: dataset } : {}) };
        const error: unknown = await read(text, options).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error !== null) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as InputError).message).toContain(`predictions ${at('pred.json')}`);
          expect((error as InputError).message).not.toMatch(/\n|undefined|\[object/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe.skipIf(!existsSync(shared))('readPredictions on real files (needs ../shared)', () => {
  it.each([
    ['cocoapi/instances_val2014_100.json', 'cocoapi/instances_val2014_fakebbox100_results.json', 734],
    ['cocoapi/instances_val2014_100.json', 'cocoapi/instances_val2014_fakesegm100_results.json', 734],
    ['small_cases/gt_dataset.json', 'small_cases/dt_dataset.json', 9],
  ])('%s with %s', async (gt, pred, count) => {
    const warnings = new Warnings();
    const against = await readDataset(resolve(shared, gt), warnings);
    const { predictions } = await readPredictions(resolve(shared, pred), warnings, { masks: true, against });
    expect([predictions.length, warnings.lines()]).toEqual([count, []]);
  });
});
