import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const inFolder = temporaryFolder();

interface Coco {
  images: { id: number; file_name: string }[];
  annotations: { id: number; image_id: number }[];
  [field: string]: unknown;
}

const IMAGES = 40;

/** Images of 8 samples of 5, with fields beyond the format. */
function dataset(): Coco {
  return {
    info: { year: 2024, contributor: 'Müller' },
    licenses: [{ id: 3, name: 'CC0' }],
    categories: [{ id: 7, name: 'particle', supercategory: 'thing' }],
    images: Array.from({ length: IMAGES }, (_, i) => ({
      id: 100 + i,
      file_name: `s${i % 8}_${i}.png`,
      width: 64,
      height: 48,
      date_captured: `day ${i}`,
    })),
    annotations: Array.from({ length: 3 * IMAGES }, (_, i) => ({
      id: 1000 + i,
      image_id: 100 + ((i * 7) % IMAGES),
      category_id: 7,
      bbox: [0.25, 1.5, 10, 10],
      segmentation: [[0, 0, 10.125, 0, 10, 10]],
      area: 50,
      iscrowd: 0,
      attributes: { occluded: true },
    })),
    extra: [1, { two: 2 }],
  };
}

function write(name: string, content: unknown): string {
  const path = inFolder(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function read(...names: string[]): Coco {
  return JSON.parse(readFileSync(inFolder(...names), 'utf8')) as Coco;
}

const PARTS = ['--parts', 'train=0.8,val=0.1,test=0.1'];

describe('engine data split', () => {
  test('by image: sizes, every image and object once, every field as it was', async () => {
    const whole = dataset();
    const { code, stdout, stderr } = await runCommand('data', 'split', write('all.json', whole), '--out', inFolder('a'), ...PARTS); // prettier-ignore
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe(
      `train: 32 images, 96 objects: ${inFolder('a', 'train.json')}\n` +
        `val: 4 images, 12 objects: ${inFolder('a', 'val.json')}\n` +
        `test: 4 images, 12 objects: ${inFolder('a', 'test.json')}\n`,
    );
    const parts = ['train', 'val', 'test'].map((name) => read('a', `${name}.json`));
    for (const part of parts) {
      expect(Object.keys(part)).toEqual(Object.keys(whole));
      expect({ ...part, images: [], annotations: [] }).toEqual({ ...whole, images: [], annotations: [] });
      const ids = new Set(part.images.map(({ id }) => id));
      expect(part.annotations.every(({ image_id }) => ids.has(image_id))).toBe(true);
      expect(part.images).toEqual(whole.images.filter(({ id }) => ids.has(id)));
      expect(part.annotations).toEqual(whole.annotations.filter(({ image_id }) => ids.has(image_id)));
    }
    expect(parts.flatMap(({ images }) => images)).toHaveLength(IMAGES);
    expect(readdirSync(inFolder('a')).sort()).toEqual(['test.json', 'train.json', 'val.json']);
  });

  test('the order of the file does not matter, the seed does', async () => {
    const whole = dataset();
    const turned = { ...whole, images: [...whole.images].reverse(), annotations: [...whole.annotations].reverse() };
    const names = async (name: string, content: Coco, ...options: string[]): Promise<string[]> => {
      await runCommand('data', 'split', write(`${name}.json`, content), '--out', inFolder(name), ...PARTS, ...options);
      return read(name, 'val.json').images.map(({ file_name }) => file_name).sort(); // prettier-ignore
    };
    const first = await names('b', whole, '--seed', '5');
    expect(await names('c', turned, '--seed', '5')).toEqual(first);
    expect(await names('d', whole, '--seed', '6')).not.toEqual(first);
  });

  test.each([
    ['separator', []],
    ['separator of choice', ['--prefix-separator', '_']],
    ['pattern', ['--prefix-pattern', '^(s\\d+)_']],
  ])('by prefix (%s): samples stay whole', async (name, options) => {
    const out = inFolder(`prefix ${name}`);
    const { stdout } = await runCommand('data', 'split', write('all.json', dataset()), '--out', out, ...PARTS, '--by', 'prefix', ...options); // prettier-ignore
    expect(stdout).toMatch(/^train: 30 images in 6 groups, 90 objects/);
    expect(stdout).toMatch(/\nval: 5 images in 1 group, 15 objects/);
    const samples = ['train', 'val', 'test'].map((part) => {
      return new Set(read(`prefix ${name}`, `${part}.json`).images.map(({ file_name }) => file_name.split('_')[0]));
    });
    expect(samples.reduce((sum, set) => sum + set.size, 0)).toBe(8);
    expect(new Set(samples.flatMap((set) => [...set])).size).toBe(8);
  });

  test('names that the pattern does not fit are counted', async () => {
    const { code, stderr } = await runCommand('data', 'split', write('all.json', dataset()), '--out', inFolder('e'), ...PARTS, '--by', 'prefix', '--prefix-pattern', '^s[0-6]_'); // prettier-ignore
    expect(code).toBe(0);
    expect(stderr).toMatch(/^engine: warning: file names that the pattern does not fit.*: 5 \(s7_7\.png, s7_15\.png, /);
  });

  test('entries with one file name stay together', async () => {
    const whole = dataset();
    whole.images.forEach((image, i) => (image.file_name = `${Math.floor(i / 2)}.png`));
    await runCommand('data', 'split', write('twins.json', whole), '--out', inFolder('twins'), ...PARTS);
    const names = ['train', 'val', 'test'].map((part) => new Set(read('twins', `${part}.json`).images.map((image) => image.file_name))); // prettier-ignore
    expect(names.reduce((sum, set) => sum + set.size, 0)).toBe(IMAGES / 2);
  });

  test('a list of images without annotations', async () => {
    const { images } = dataset();
    const { code } = await runCommand('data', 'split', write('images.json', { images }), '--out', inFolder('f'), '--parts', 'a=0.5,b=0.5'); // prettier-ignore
    expect(code).toBe(0);
    expect(Object.keys(read('f', 'a.json'))).toEqual(['images']);
  });

  test('the input is not overwritten, by another path either', async () => {
    mkdirSync(inFolder('own'));
    const path = write('own/train.json', dataset());
    symlinkSync(inFolder('own'), inFolder('link'));
    const before = readFileSync(path);
    for (const out of [inFolder('own'), inFolder('link'), inFolder('own', '..', 'own')]) {
      const { code, stderr } = await runCommand('data', 'split', path, '--out', out, ...PARTS);
      expect(code).toBe(2);
      expect(stderr).toMatch(/train\.json is the file that is split: name another --out folder/);
    }
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(inFolder('own'))).toEqual(['train.json']);
  });

  test.each<[string, unknown, string[], RegExp]>([
    ['shares that exceed 1', dataset(), ['--parts', 'a=0.8,b=0.4'], /shares add up to 1\.2: they must add up to 1/],
    ['a share of 0', dataset(), ['--parts', 'a=1,b=0'], /"b=0" is no part: give NAME=SHARE/],
    ['no share', dataset(), ['--parts', 'train'], /"train" is no part/],
    ['a path as a name', dataset(), ['--parts', '../x=1'], /"\.\.\/x=1" is no part/],
    ['a name twice', dataset(), ['--parts', 'a=0.5,A=0.5'], /the name a is there twice/],
    ['an unknown grouping', dataset(), [...PARTS, '--by', 'sample'], /--by sample: give image or prefix/],
    ['a separator without prefix', dataset(), [...PARTS, '--prefix-separator', '-'], /go with --by prefix/],
    ['a broken pattern', dataset(), [...PARTS, '--by', 'prefix', '--prefix-pattern', '('], /no regular expression/],
    ['too few images', { ...dataset(), images: dataset().images.slice(0, 3), annotations: [] }, PARTS, /the part val would get no image of 3 images/], // prettier-ignore
    ['a results list', [{ image_id: 1, category_id: 1, score: 1 }], PARTS, /is a results list/],
    ['an unknown image', { ...dataset(), images: dataset().images.slice(1) }, PARTS, /annotations\[0\]\.image_id is 100/], // prettier-ignore
    ['no file name', { images: [{ id: 1 }] }, PARTS, /images\[0\]\.file_name is missing/],
    ['no JSON', '{"images": [', PARTS, /bad\.json/],
  ])('%s: one sentence, exit code 2, nothing written', async (name, content, options, message) => {
    const out = inFolder(`bad ${name}`);
    const { code, stdout, stderr } = await runCommand('data', 'split', write('bad.json', content), '--out', out, ...options); // prettier-ignore
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(existsSync(out)).toBe(false);
  });
});
