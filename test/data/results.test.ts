import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../src/data/results';
import { ResultsWriter, shortestF32, writeResults } from '../../src/data/results';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();
const images = [
  { id: 5, fileName: 'ü.png', width: 4, height: 3 },
  { id: 2, fileName: 'b.png', width: 9, height: 8 },
];
const f = Math.fround;

function detection(imageId: number, score: number): Detection {
  return {
    imageId,
    categoryId: 90,
    box: [f(1.1), f(2.7), f(3.3), f(2.9)],
    score,
    rle: { size: [3, 4], counts: '\\2"0' },
  };
}

function read(...names: string[]): unknown {
  return JSON.parse(readFileSync(at(...names), 'utf8')) as unknown;
}

describe('writeResults', () => {
  it('writes the three files in the order of the images', async () => {
    await writeResults(at('three'), [detection(2, f(0.3)), detection(5, 1), detection(2, 0)], images, {
      listImages: true,
    });
    // NumPy's float32(3.3) - float32(1.1) and float32(2.9) - float32(2.7).
    const bbox = [1.1, 2.7, 2.1999998, 0.20000005];
    expect(read('three', 'predict.bbox.json')).toEqual([
      { image_id: 5, category_id: 90, bbox, score: 1 },
      { image_id: 2, category_id: 90, bbox, score: 0.3 },
      { image_id: 2, category_id: 90, bbox, score: 0 },
    ]);
    const segmentation = { size: [3, 4], counts: '\\2"0' };
    expect(read('three', 'predict.segm.json')).toEqual([
      { image_id: 5, category_id: 90, segmentation, score: 1 },
      { image_id: 2, category_id: 90, segmentation, score: 0.3 },
      { image_id: 2, category_id: 90, segmentation, score: 0 },
    ]);
    expect(read('three', 'images.json')).toEqual([
      { id: 5, file_name: 'ü.png', width: 4, height: 3 },
      { id: 2, file_name: 'b.png', width: 9, height: 8 },
    ]);
    expect(readdirSync(at('three')).length).toBe(3);
  });

  it('writes empty lists without detections', async () => {
    await writeResults(at('empty'), [], images, { listImages: false });
    expect([read('empty', 'predict.bbox.json'), read('empty', 'predict.segm.json')]).toEqual([[], []]);
    expect(existsSync(at('empty', 'images.json'))).toBe(false);
  });

  it('writes no masks for a model without, and removes what an earlier run left', async () => {
    mkdirSync(at('again'));
    writeFileSync(at('again', 'images.json'), 'old');
    writeFileSync(at('again', 'predict.segm.json'), 'old');
    await writeResults(at('again'), [{ ...detection(2, 0.5), rle: undefined }], images, {
      listImages: false,
      masks: false,
    });
    expect(readdirSync(at('again'))).toEqual(['predict.bbox.json']);
  });

  it('streams thousands of images', async () => {
    const writer = await ResultsWriter.create(at('many'), { listImages: true });
    for (let id = 1; id <= 3000; id++) {
      await writer.add({ id, fileName: `${id}.png`, width: 1, height: 1 }, [detection(id, 0.5), detection(id, 0.25)]);
    }
    expect(existsSync(at('many', 'predict.bbox.json'))).toBe(false);
    await writer.finish();
    const rows = read('many', 'predict.segm.json') as { image_id: number }[];
    expect(rows.map(({ image_id }) => image_id)).toEqual(Array.from({ length: 6000 }, (_, i) => (i >> 1) + 1));
  });

  it('leaves an earlier run untouched when this one fails', async () => {
    mkdirSync(at('failed'));
    writeFileSync(at('failed', 'predict.bbox.json'), 'old');
    const options = { listImages: true };
    const bad = [detection(5, 1), detection(2, Number.NaN)];
    await expect(writeResults(at('failed'), bad, images, options)).rejects.toThrow(/image 2 has the value NaN/);
    const unmasked = [{ ...detection(5, 1), rle: undefined }];
    await expect(writeResults(at('failed'), unmasked, images, options)).rejects.toThrow(/has no mask/);
    await expect(writeResults(at('failed'), [detection(3, 1)], images, options)).rejects.toThrow(/image 3/);
    expect(readdirSync(at('failed'))).toEqual(['predict.bbox.json']);
    expect(readFileSync(at('failed', 'predict.bbox.json'), 'utf8')).toBe('old');
  });

  it('refuses an output folder that is a file, or where a result is a folder', async () => {
    writeFileSync(at('file'), '');
    await expect(writeResults(at('file'), [], images, { listImages: true })).rejects.toThrow(InputError);
    mkdirSync(at('blocked', 'predict.segm.json'), { recursive: true });
    await expect(writeResults(at('blocked'), [], images, { listImages: true })).rejects.toThrow(InputError);
    expect(readdirSync(at('blocked'))).toEqual(['predict.segm.json']);
  });
});

describe('shortestF32', () => {
  it('reads back as the same f32 and is no longer than 9 digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = shortestF32(value);
        expect(Math.fround(Number(text)) === value).toBe(true);
        const digits = text
          .replace(/e.*/, '')
          .replace(/[^0-9]/g, '')
          .replace(/^0+/, '');
        expect(Number.isInteger(value) || digits.length <= 9).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the decimal that was meant', () => {
    const texts = ['0.1', '0.05', '123.456', '-2.5', '16777216', '1e-7', '0.33333334', '1271.9999'];
    expect(texts.map((text) => shortestF32(Math.fround(Number(text))))).toEqual(texts);
  });
});
