import { describe, expect, test } from 'vitest';
import { checkDataset } from '../../src/data/dataset_check';
import { InputError } from '../../src/errors';

type Fields = Record<string, unknown>;
interface File {
  images: Fields[];
  categories: Fields[];
  annotations: Fields[];
  [field: string]: unknown;
}

/** Two images of one object each, a polygon and run lengths, without a flaw. */
function sound(): File {
  return {
    images: [
      { id: 1, file_name: 'a.png', width: 20, height: 10 },
      { id: 2, file_name: 'b.png', width: 20, height: 10 },
    ],
    categories: [{ id: 3, name: 'grain' }],
    annotations: [
      { id: 1, image_id: 1, category_id: 3, bbox: [2, 2, 4, 4], area: 16, iscrowd: 0, segmentation: [[2, 2, 6, 2, 6, 6, 2, 6]] }, // prettier-ignore
      { id: 2, image_id: 2, category_id: 3, bbox: [0, 0, 2, 10], area: 20, iscrowd: 0, segmentation: { size: [10, 20], counts: [0, 20, 180] } }, // prettier-ignore
    ],
  };
}

function linesOf(value: unknown): string[] {
  return checkDataset(value, 'annotation file x.json').findings.lines();
}

/** The lines for the sound file after a change. */
function after(change: (file: File) => void): string[] {
  const file = sound();
  change(file);
  return linesOf(file);
}

test('a sound file has nothing', () => {
  expect(linesOf(sound())).toEqual([]);
});

describe('one flaw, one line', () => {
  const [TWO_POINTS, BOW_TIE] = [[[2, 2, 6, 6]], [[2, 2, 8, 8, 8, 2, 2, 8]]];
  test.each<[string, (file: File) => void, string]>([
    ['image id twice', ({ images }) => images.push({ ...images[1] , file_name: 'c.png'}), 'problem: ids that are used twice in "images": 1 (images[2].id is 2)'],
    ['image id as text', ({ images }) => images.push({ ...images[1], id: '2', file_name: 'c.png' }), 'problem: ids of "images" that are no whole numbers: 1 (images[2].id is "2")'],
    ['file name twice', ({ images }) => { images[1].file_name = 'a.png'; }, 'problem: file names of more than one image: 1 (images[1] a.png)'],
    ['no file name', ({ images }) => { delete images[1].file_name; }, 'problem: images without a file name: 1 (images[1])'],
    ['an image that is no object', ({ images }) => images.push(5 as unknown as Fields), 'problem: entries of "images" that are no objects: 1 (images[2])'],
    ['no width', ({ images }) => { images[1].width = null; }, 'problem: images without a width and height that are whole numbers from 1 on: 1 (images[1])'],
    ['image without objects', ({ images }) => images.push({ id: 9, file_name: 'c.png', width: 1, height: 1 }), 'note: images without objects: 1 (c.png)'],
    ['unused category', ({ categories }) => categories.push({ id: 4, name: 'pore' }), 'note: categories without objects: 1 (pore (id 4))'],
    ['category id twice', ({ categories }) => categories.push({ id: 3, name: 'pore' }), 'problem: ids that are used twice in "categories": 1 (categories[1].id is 3)'],
    ['object id twice', ({ annotations }) => { annotations[1].id = 1; }, 'problem: ids that are used twice in "annotations": 1 (annotations[1].id is 1)'],
    ['unknown category', ({ annotations }) => annotations.push({ ...annotations[0], id: 5, category_id: 8 }), 'problem: objects of unknown categories: 1 (annotations[2].category_id is 8)'],
    ['unknown image', ({ annotations }) => annotations.push({ ...annotations[0], id: 5, image_id: 'a.png' }), 'problem: objects of unknown images: 1 (annotations[2].image_id is "a.png")'],
    ['iscrowd', ({ annotations }) => { annotations[0].iscrowd = 'no'; }, 'problem: values of iscrowd that are neither 0 nor 1: 1 (annotations[0].iscrowd is "no")'],
    ['two points', ({ annotations }) => { annotations[0].segmentation = TWO_POINTS; }, 'problem: polygons of fewer than 3 points: 1 (annotations[0] of a.png: 2 points)'],
    ['an empty mask', ({ annotations }) => { annotations[1].segmentation = { size: [10, 20], counts: [200] }; }, 'problem: empty masks: 1 (annotations[1] of b.png)'],
    ['runs that do not cover', ({ annotations }) => { annotations[1].segmentation = { size: [10, 20], counts: [0, 20] }; }, 'problem: segmentations that do not fit their image: 1 (annotations[1] of b.png.segmentation: RLE counts'],
    ['another size', ({ annotations }) => { annotations[1].segmentation = { size: [20, 10], counts: [0, 20, 180] }; }, 'problem: segmentations that do not fit their image: 1 (annotations[1] of b.png.segmentation.size is [20, 10]'],
    ['one list of numbers', ({ annotations }) => { annotations[0].segmentation = [1, 2, 3]; }, 'problem: segmentations that cannot be read: 1 (annotations[0] of a.png.segmentation is one list'],
    ['NaN in a box', ({ annotations }) => { annotations[0].bbox = [NaN, 2, 4, 4]; }, 'problem: boxes that cannot be read: 1 (annotations[0] of a.png.bbox is [null,2,4,4]'],
    ['a negative side', ({ annotations }) => { annotations[0].bbox = [6, 6, -4, -4]; }, 'problem: boxes that cannot be read: 1 (annotations[0] of a.png.bbox is [6,6,-4,-4]'],
    ['corners as a box', ({ annotations }) => { annotations[0].bbox = [2, 2, 6, 6]; annotations[0].segmentation = [[2, 2, 5, 2, 5, 5, 2, 5]]; annotations[0].area = 9; }, 'problem: boxes that are not those of their segmentation: 1 (annotations[0] of a.png: [2,2,6,6], not [2,2,3,3])'],
    ['the box as area', ({ annotations }) => { annotations[1].area = 30; }, 'problem: areas that are not those of their segmentation: 1 (annotations[1] of b.png: 30, not 20)'],
    ['the same twice', ({ annotations }) => annotations.push({ ...annotations[0], id: 5 }), 'problem: objects that are there twice: 1 (annotations[2] of a.png is annotations[0])'],
    ['neither box nor segmentation', ({ annotations }) => { annotations[0] = { id: 1, image_id: 1, category_id: 3 }; }, 'problem: objects with neither a box nor a segmentation: 1 (annotations[0] of a.png)'],
    ['only a box', ({ annotations }) => { delete annotations[0].segmentation; }, 'note: objects without a segmentation: 1 (annotations[0] of a.png)'],
    ['a crossing', ({ annotations }) => { annotations[0] = { id: 1, image_id: 1, category_id: 3, segmentation: BOW_TIE }; }, 'problem: polygons that cross themselves: 1 (annotations[0] of a.png)'],
    ['a polygon outside', ({ annotations }) => { annotations[0] = { id: 1, image_id: 1, category_id: 3, segmentation: [[2, 2, 25, 2, 6, 6]] }; }, 'note: polygons that reach outside their image: 1 (annotations[0] of a.png)'],
    ['a box outside', ({ annotations }) => { annotations[0] = { id: 1, image_id: 1, category_id: 3, bbox: [-3, 2, 4, 4] }; }, 'problem: boxes that reach outside their image: 1 (annotations[0] of a.png: [-3,2,4,4] in 20x10)'],
    ['a box of nothing', ({ annotations }) => { annotations[0] = { id: 1, image_id: 1, category_id: 3, bbox: [3, 2, 0, 4] }; }, 'problem: boxes without an area: 1 (annotations[0] of a.png: [3,2,0,4])'],
  ])('%s', (_, change, expected) => {
    const lines = after(change);
    // objects of the changed file may also be noted
    const own = lines.filter((line) => line.startsWith(expected.split(':')[0]));
    expect(own.filter((line) => !line.includes('without a segmentation') || expected.includes('without a seg'))).toHaveLength(1);
    expect(own[0].slice(0, expected.length)).toBe(expected);
  }); // prettier-ignore
});

test('it goes on: many flaws are counted by kind, with the first places', () => {
  const lines = after(({ images, annotations }) => {
    images.push({ id: 'x' }, { id: 1 });
    for (let i = 0; i < 500; i++) {
      annotations.push({ id: 1, image_id: 77, category_id: 3, bbox: [i, i, -1, 1] });
    }
  });
  expect(lines).toContain('problem: objects of unknown images: 500 (annotations[2].image_id is 77, annotations[3].image_id is 77, annotations[4].image_id is 77, …)'); // prettier-ignore
  expect(lines.filter((line) => line.includes('boxes that cannot be read: 500'))).toHaveLength(1);
  expect(lines.some((line) => line.startsWith('problem: ids of "images" that are no whole numbers: 1'))).toBe(true);
  expect(lines.length).toBeLessThan(12);
});

test('what rounding makes is no problem, and COCO states other areas for crowds', () => {
  const lines = after(({ annotations }) => {
    Object.assign(annotations[0], { bbox: [1.6, 2.3, 4.2, 3.9], area: 16.7 });
    Object.assign(annotations[1], { iscrowd: 1, area: 5, bbox: [0, 0, 2.4, 10.4] });
  });
  expect(lines).toEqual([]);
});

test('a polygon in an image of unknown size is still looked at', () => {
  const lines = after(({ images, annotations }) => {
    delete images[0].width;
    annotations[0].segmentation = [[2, 2, 8, 8, 8, 2, 2, 8]];
  });
  expect(lines.some((line) => line.includes('cross themselves'))).toBe(true);
});

test.each([
  ['a results list', [{ image_id: 1 }], /results list/],
  ['another object', { name: 'x' }, /"name"/],
  ['no list of images', { images: {}, annotations: [] }, /"images" is an object/],
  ['no list of annotations', { images: [], annotations: 'x' }, /"annotations" is the string "x"/],
])('%s is no dataset', (_, value, message) => {
  expect(() => linesOf(value)).toThrow(InputError);
  expect(() => linesOf(value)).toThrow(message);
});
