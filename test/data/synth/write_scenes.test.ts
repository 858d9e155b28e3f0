import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/data/dataset_file';
import { decodeImage } from '../../../src/data/image';
import { renderScene } from '../../../src/data/synth/render';
import { usualRanges } from '../../../src/data/synth/scene';
import { writeScenes, type SceneSet } from '../../../src/data/synth/write_scenes';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { rleArea, rleToBbox } from '../../../src/eval/rle';
import { temporaryFolder } from '../temporary_folder';

const folder = temporaryFolder();
const [width, height] = [128, 96];
const set: SceneSet = {
  scene: { width, height, ...usualRanges(width, height), distractors: true },
  seed: 4,
  images: 3,
  val: 2,
  format: 'png',
};

describe('writeScenes', () => {
  it('writes pictures and the same masks as run lengths and as polygons', async () => {
    const written = await writeScenes(folder('a'), set);
    const parts = [
      ['annotations', '', 0, 3],
      ['annotations_val', 'val_', 2 ** 31, 2],
    ] as const;
    for (const [i, [name, prefix, firstScene, count]] of parts.entries()) {
      const warnings = new Warnings();
      const rle = await readDataset(folder('a', `${name}_rle.json`), warnings, { masks: true });
      const polygons = await readDataset(folder('a', `${name}_poly.json`), warnings, { masks: true });
      expect(warnings.lines()).toEqual([]);
      expect(rle.categories).toEqual([{ id: 1, name: 'particle' }]);
      expect(rle.images).toEqual(
        Array.from({ length: count }, (_, k) => ({ id: k + 1, fileName: `${prefix}000${k + 1}.png`, width, height })),
      );
      expect(rle.annotations.map(({ id }) => id)).toEqual(rle.annotations.map((_, k) => k + 1));
      expect(written[i]).toMatchObject({ images: count, particles: rle.annotations.length });
      expect(polygons.annotations.every(({ segmentation }) => Array.isArray(segmentation))).toBe(true);
      const facts = ({ annotations }: typeof rle): unknown => annotations.map(({ segmentation: _, ...rest }) => rest);
      expect(facts(polygons)).toEqual(facts(rle));
      for (const { id, fileName } of rle.images) {
        const { particles, pixels } = renderScene({ seed: 4, scene: firstScene + id - 1 }, set.scene);
        const annotations = rle.annotations.filter(({ imageId }) => imageId === id);
        expect(annotations.map(({ mask }) => mask)).toEqual(particles.map(({ mask }) => mask));
        annotations.forEach(({ area, box, isCrowd, mask }) => {
          expect([area, box, isCrowd]).toEqual([rleArea(mask!), rleToBbox(mask!), false]);
        });
        const image = await decodeImage(folder('a', 'images', fileName));
        expect(Uint8Array.from(pixels, (_, k) => image.data[3 * k + 1])).toEqual(pixels);
      }
    }
  });

  it('writes the same bytes again, and the same image k whatever the number of images', async () => {
    await writeScenes(folder('again'), set);
    await writeScenes(folder('fewer'), { ...set, images: 2, val: 0 });
    const names = readdirSync(folder('a', 'images'));
    expect(names).toEqual(['0001.png', '0002.png', '0003.png', 'val_0001.png', 'val_0002.png']);
    const bytes = (...path: string[]): string => readFileSync(folder(...path)).toString('base64');
    names.forEach((name) => {
      expect(bytes('again', 'images', name)).toBe(bytes('a', 'images', name));
    });
    expect(new Set(names.map((name) => bytes('a', 'images', name))).size).toBe(5);
    for (const name of ['annotations_rle.json', 'annotations_val_poly.json']) {
      expect(bytes('again', name)).toBe(bytes('a', name));
    }
    expect(readdirSync(folder('fewer')).sort()).toEqual(['annotations_poly.json', 'annotations_rle.json', 'images']);
    expect(readdirSync(folder('fewer', 'images'))).toEqual(['0001.png', '0002.png']);
    expect(bytes('fewer', 'images', '0002.png')).toBe(bytes('a', 'images', '0002.png'));
  });

  it('replaces its own files and nothing else', async () => {
    writeFileSync(folder('again', 'notes.txt'), 'mine');
    await writeScenes(folder('again'), { ...set, seed: 5, images: 1, val: 0 });
    expect(readFileSync(folder('again', 'notes.txt'), 'utf8')).toBe('mine');
    expect(readFileSync(folder('again', 'annotations_rle.json'), 'utf8')).toContain('"seed":5');
    expect(readFileSync(folder('again', 'images', '0001.png'))).not.toEqual(
      readFileSync(folder('a', 'images', '0001.png')),
    );
    expect(readdirSync(folder('again', 'images'))).toHaveLength(5);

    mkdirSync(folder('mine', 'images'), { recursive: true });
    writeFileSync(folder('mine', 'images', '0002.png'), 'mine');
    await expect(writeScenes(folder('mine'), set)).rejects.toThrow(
      /0002\.png is there already and not from engine synth/,
    );
    writeFileSync(folder('mine', 'annotations_rle.json'), '{"images":[]}');
    await expect(writeScenes(folder('mine'), { ...set, images: 1 })).rejects.toThrow(InputError);
    expect(readdirSync(folder('mine', 'images'))).toEqual(['0002.png']);
    expect(readFileSync(folder('mine', 'annotations_rle.json'), 'utf8')).toBe('{"images":[]}');
  });

  it('leaves nothing behind where it fails', async () => {
    const crowded = { ...set, scene: { ...set.scene, particles: [500, 500] as const } };
    await expect(writeScenes(folder('crowded'), crowded)).rejects.toThrow(InputError);
    expect(readdirSync(folder('crowded'))).toEqual([]);
  });

  it('writes JPEG files and pictures without particles', async () => {
    const empty = { ...set, scene: { ...set.scene, particles: [0, 0] as const }, images: 1, val: 0 };
    await writeScenes(folder('empty'), { ...empty, format: 'jpg' });
    const dataset = await readDataset(folder('empty', 'annotations_poly.json'), new Warnings(), { masks: true });
    expect([dataset.annotations.length, dataset.images[0].fileName]).toEqual([0, '0001.jpg']);
    const image = await decodeImage(folder('empty', 'images', '0001.jpg'));
    expect([image.width, image.height]).toEqual([width, height]);
  });
});
