import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { GroundTruth } from '../../../src/data/convert/coco_files';
import { readDetectionCsv, writeDetectionCsv } from '../../../src/data/convert/detection_csv';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { temporaryFolder } from '../temporary_folder';

const at = temporaryFolder();

const images = [
  { id: 7, fileName: 'sub/a.png', width: 90, height: 80 },
  { id: 8, fileName: 'b.jpg', width: 90, height: 80 },
];
const categories = [
  { id: 3, name: 'nut' },
  { id: 5, name: 'dried fig' },
];
const groundTruth: GroundTruth = {
  dataset: { images, categories, annotations: [] },
  header: { images, categories },
};

function file(text: string): string {
  writeFileSync(at('d.csv'), text);
  return at('d.csv');
}

const read = (text: string, truth?: GroundTruth, named = true, warnings = new Warnings()) => {
  return readDetectionCsv(file(text), named, warnings, truth);
};

describe('readDetectionCsv', () => {
  it('finds images by name or id and classes by name or id', async () => {
    const warnings = new Warnings();
    const text =
      '\ufeffPredictionString,image_id\r\nnut 0.9 1 2 11 22.5 dried_fig 5e-1 0 0 3 3,a\r\n,b.jpg\r\n3 1 0 0 1 1,7\r\n\r\n';
    const { kind, objects } = await read(text, groundTruth, true, warnings);
    expect(kind).toBe('results');
    expect(objects.map(({ fields }) => fields)).toEqual([
      { image_id: 7, category_id: 3, bbox: [1, 2, 10, 20.5], score: 0.9 },
      { image_id: 7, category_id: 5, bbox: [0, 0, 3, 3], score: 0.5 },
      { image_id: 7, category_id: 3, bbox: [0, 0, 1, 1], score: 1 },
    ]);
    expect(warnings.lines()).toEqual([
      `images with several lines, taken together: 1 (detection CSV ${at('d.csv')}: line 4)`,
    ]);
  });

  it('numbers images and classes itself where they have names', async () => {
    const data = await read('image_id,PredictionString\nx,car 1 0 0 1 1 bus 1 0 0 1 1\ny,\n');
    expect(data.header).toEqual({
      images: [
        { id: 1, file_name: 'x' },
        { id: 2, file_name: 'y' },
      ],
      categories: [
        { id: 1, name: 'bus' },
        { id: 2, name: 'car' },
      ],
    });
    expect(data.objects.map(({ categoryId }) => categoryId)).toEqual([2, 1]);
  });

  it('keeps whole numbers as ids', async () => {
    const data = await read('image_id,PredictionString\n12,4 1 0 0 1 1\n', undefined, false);
    expect(data.objects[0].fields).toEqual({ image_id: 12, category_id: 4, bbox: [0, 0, 1, 1], score: 1 });
  });

  it.each([
    ['', undefined, /is empty: columns image_id and/],
    ['id,boxes\n1,\n', undefined, /begins with "id, boxes": columns image_id and PredictionString are needed/],
    ['image_id,PredictionString\n1,4 1 0 0 1\n', undefined, /line 2: PredictionString has 5 words: six/],
    ['image_id,PredictionString\n1,\n2,4 1 0 x 1 1\n', undefined, /line 3: ymin of box 1 is "x": a number/],
    ['image_id,PredictionString\n2,4 1 5 0 1 1\n', undefined, /box 1 ends before it begins \(x 5 to 1, y 0 to 1\)/],
    ['image_id,PredictionString\n,4 1 0 0 1 1\n', undefined, /line 2 has no image_id/],
    ['image_id,PredictionString\n"2,4 1 0 0 1 1\n', undefined, /line 2 has an open or misplaced quotation mark/],
    ['image_id,PredictionString\nz,\n', groundTruth, /line 2: image_id "z" is no image of the annotation file/],
    ['image_id,PredictionString\na,pea 1 0 0 1 1\n', groundTruth, /label "pea" is no category/],
  ])('refuses %j', async (text, truth, pattern) => {
    const error: unknown = await read(text, truth).then(
      () => 'read',
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(pattern);
    expect((error as InputError).message).toContain(at('d.csv'));
  });

  it('needs an annotation file for the ids of names', async () => {
    const text = 'image_id,PredictionString\nx,1 1 0 0 1 1\n';
    await expect(read(text, undefined, false)).rejects.toThrow(
      /has the image_id "x", but results need its id: .* --gt$/,
    );
  });
});

describe('writeDetectionCsv', () => {
  it('writes a line for each image and gives back what it reads', async () => {
    const objects = [
      { box: [0.1, 0.2, 0.2, 0.1] as const, score: 0.123456789, categoryId: 5 },
      { box: [1, 2, 3, 4] as const, score: 1, categoryId: 3 },
    ].map((object) => ({ ...object, imageId: 7, isCrowd: false, fields: {} }));
    const warnings = new Warnings();
    const data = { kind: 'results' as const, header: {}, images, categories, objects };
    await writeDetectionCsv(at('out.csv'), data, warnings);
    expect(readFileSync(at('out.csv'), 'utf8')).toBe(
      'image_id,PredictionString\na,dried_fig 0.123456789 0.1 0.2 0.3 0.3 nut 1 1 2 4 6\nb,\n',
    );
    expect(warnings.lines()).toEqual(['names of classes with spaces, which became _: 1 (dried fig)']);
    const again = await readDetectionCsv(at('out.csv'), false, new Warnings(), groundTruth);
    expect(again.objects.map(({ box, score, categoryId }) => ({ box, score, categoryId }))).toEqual(
      objects.map(({ box, score, categoryId }) => ({ box, score, categoryId })),
    );
  });

  it('uses ids where names are not known', async () => {
    const objects = [{ box: [1, 2, 3, 4] as const, score: 0.5, categoryId: 3, imageId: 9, isCrowd: false, fields: {} }];
    const data = { kind: 'results' as const, header: {}, images: [], categories: [], objects };
    await writeDetectionCsv(at('ids.csv'), data, new Warnings());
    expect(readFileSync(at('ids.csv'), 'utf8')).toBe('image_id,PredictionString\n9,3 0.5 1 2 4 6\n');
  });
});
