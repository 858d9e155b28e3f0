import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { listImages } from '../../src/data/list_images';
import { InputError } from '../../src/errors';
import { temporaryFolder } from './temporary_folder';

const at = temporaryFolder();

beforeAll(() => {
  for (const folder of ['many', 'none/inner', 'other']) {
    mkdirSync(at(folder), { recursive: true });
  }
  for (const name of ['10.png', '2.png', '1.JPG', 'b.tiff', 'a.TIF', 'notes.txt', '._2.png', 'model.pth']) {
    writeFileSync(at('many', name), '');
  }
  writeFileSync(at('other', '2.png'), '');
  writeFileSync(at('other', 'plain'), '');
});

describe('listImages', () => {
  it('lists a folder in natural order, images only', async () => {
    const images = await listImages([at('many')]);
    expect(images.map(({ id, fileName }) => [id, fileName])).toEqual([
      [1, '1.JPG'],
      [2, '2.png'],
      [3, '10.png'],
      [4, 'a.TIF'],
      [5, 'b.tiff'],
    ]);
    expect(images[1].path).toBe(at('many', '2.png'));
  });

  it('keeps the order given and tells files of one name apart', async () => {
    const images = await listImages([at('other', 'plain'), at('many', '2.png'), at('other', '2.png')]);
    expect(images).toEqual([
      { id: 1, fileName: 'plain', path: at('other', 'plain') },
      { id: 2, fileName: at('many', '2.png'), path: at('many', '2.png') },
      { id: 3, fileName: at('other', '2.png'), path: at('other', '2.png') },
    ]);
  });

  it('refuses what holds no image', async () => {
    await expect(listImages([at('none')])).rejects.toThrow(
      /holds no image named \.png.*folders in it are not searched/,
    );
    await expect(listImages([at('none', 'inner')])).rejects.toThrow(InputError);
    await expect(listImages([at('gone.png')])).rejects.toThrow(/gone\.png does not exist/);
    await expect(listImages([at('many', '2.png', 'x')])).rejects.toThrow(/is a file, not a folder/);
    await expect(listImages([at('*.png')])).rejects.toThrow(/no file matches/);
    await expect(listImages([])).rejects.toThrow(InputError);
  });
});
