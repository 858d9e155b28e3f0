import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCocoImages } from '../../src/data/coco';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();
const shared = resolve(import.meta.dirname, '../../../shared/data');

const image = { id: 7, file_name: 'a.png', width: 4, height: 3 };
const second = { id: 9, file_name: 'sub/b.png', width: 5, height: 6 };

beforeAll(() => {
  mkdirSync(at('images', 'sub'), { recursive: true });
  writeFileSync(at('images', 'a.png'), '');
  writeFileSync(at('images', 'sub', 'b.png'), '');
});

function write(content: unknown): string {
  writeFileSync(at('ann.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return at('ann.json');
}

async function expectRefusal(content: unknown, pattern: RegExp, root = at('images')): Promise<void> {
  const path = write(content);
  const error: unknown = await readCocoImages(path, root).then(
    () => 'read',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(pattern);
  expect((error as InputError).message).toContain(path);
}

describe('readCocoImages', () => {
  it('reads images with their own ids, and categories', async () => {
    const categories = [{ id: 3, name: 'nut', supercategory: 'food' }];
    expect(await readCocoImages(write({ images: [image, second], categories }), at('images'))).toEqual({
      images: [
        { id: 7, fileName: 'a.png', path: at('images', 'a.png'), width: 4, height: 3 },
        { id: 9, fileName: 'sub/b.png', path: at('images', 'sub', 'b.png'), width: 5, height: 6 },
      ],
      categories: [{ id: 3, name: 'nut' }],
    });
  });

  it('takes a byte-order mark and a file without categories', async () => {
    const path = write(`\ufeff${JSON.stringify({ images: [image] })}`);
    expect((await readCocoImages(path, at('images'))).categories).toEqual([]);
  });

  it('says where a file is not JSON', async () => {
    await expectRefusal('{"images": [\n  {"id": 1,}\n]}', /not JSON: error at line 2, column 12/);
    await expectRefusal('{"images": [\n', /is cut off: it ends at line 2, column 1, before its JSON does/);
    await expectRefusal(' \n', /is empty/);
  });

  it('names what is wrong with the form', async () => {
    await expectRefusal([{ image_id: 1, bbox: [] }], /results list \(predictions\)/);
    await expectRefusal([], /is an empty list .*, but an annotation file with the field "images"/);
    await expectRefusal({ annotations: [] }, /is a COCO object, but an annotation file with the field "images"/);
    await expectRefusal('3', /is a single value, but/);
    await expectRefusal({ images: {} }, /"images" is an object: a list is needed/);
    await expectRefusal({ images: [] }, /lists no images/);
    await expectRefusal({ images: [image, null] }, /images\[1\] is missing: an object is needed/);
    await expectRefusal({ images: [{ ...image, file_name: undefined }] }, /images\[0\]\.file_name is missing/);
    await expectRefusal({ images: [{ ...image, file_name: 3 }] }, /images\[0\]\.file_name is 3: a name/);
    await expectRefusal({ images: [{ ...image, id: '7' }] }, /images\[0\]\.id is "7": a whole number/);
    await expectRefusal({ images: [{ ...image, width: 0 }] }, /images\[0\]\.width is 0: a whole number from 1 on/);
    await expectRefusal({ images: [{ ...image, height: 2.5 }] }, /images\[0\]\.height is 2\.5/);
    await expectRefusal({ images: [image, { ...second, id: 7 }] }, /images\[0\] and images\[1\] have the same id 7/);
    await expectRefusal({ images: [image], categories: [{ id: 1 }] }, /categories\[0\]\.name is missing/);
    await expectRefusal({ images: [image], categories: 'nut' }, /"categories" is the string "nut"/);
  });

  it('counts and names the files that the image folder lacks', async () => {
    const images = [1, 2, 3, 4].map((id) => ({ ...image, id, file_name: `gone${id}.png` }));
    await expectRefusal(
      { images: [image, ...images] },
      /lacks 4 of 5 images of .* \(gone1\.png, gone2\.png, gone3\.png, …\)/,
    );
    await expect(readCocoImages(write({ images: [image] }), at('nowhere'))).rejects.toThrow(
      /image folder .* does not exist/,
    );
    await expect(readCocoImages(write({ images: [image] }), at('ann.json'))).rejects.toThrow(
      /image folder .* is a file/,
    );
  });

  it('says that the file itself is missing or a folder', async () => {
    await expect(readCocoImages(at('none.json'), at('images'))).rejects.toThrow(/annotation file .* does not exist/);
    await expect(readCocoImages(at('images'), at('images'))).rejects.toThrow(/annotation file .* is a folder/);
  });

  it.skipIf(!existsSync(shared))('reads real files (needs ../shared)', async () => {
    const nuclei = await readCocoImages(
      resolve(shared, 'nuclei/annotations/val_rle.json'),
      resolve(shared, 'nuclei/images'),
    );
    expect([nuclei.images.length, nuclei.categories]).toEqual([63, [{ id: 1, name: 'nucleus' }]]);
    const photos = resolve(shared, 'coco2017_mini');
    const coco = await readCocoImages(resolve(photos, 'annotations/instances_val.json'), resolve(photos, 'images'));
    expect([coco.images.length, coco.categories.length]).toEqual([188, 80]);
  });
});
