import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const inFolder = temporaryFolder();
const SHARED = '../shared/data';
const hasShared = existsSync(`${SHARED}/nuclei`) && existsSync(`${SHARED}/powder`);
if (!hasShared) {
  console.warn('engine data check: tests with real files are skipped, ../shared is not beside the repository');
}

function write(name: string, content: unknown): string {
  const path = inFolder(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function dataset(...names: string[]): unknown {
  return {
    images: names.map((file_name, i) => ({ id: i, file_name, width: 8, height: 6 })),
    categories: [{ id: 1, name: 'grain' }],
    annotations: names.map((_, i) => {
      return { id: i, image_id: i, category_id: 1, segmentation: [[1, 1, 5, 1, 5, 5, 1, 5]], bbox: [1, 1, 4, 4], area: 16 };
    }), // prettier-ignore
  };
}

beforeAll(() => {
  const png = (width: number, height: number): Buffer => PNG.sync.write(new PNG({ width, height }));
  mkdirSync(inFolder('images'));
  writeFileSync(inFolder('images', 'good.png'), png(8, 6));
  writeFileSync(inFolder('images', 'turned.png'), png(6, 8));
  writeFileSync(inFolder('images', 'small.png'), png(4, 3));
  writeFileSync(inFolder('images', 'cut.png'), png(8, 6).subarray(0, 40));
});

describe('engine data check', () => {
  test('a sound file: exit code 0 and a summary', async () => {
    const path = write('good.json', dataset('good.png'));
    const { code, stdout } = await runCommand('data', 'check', path, '--images', inFolder('images'));
    expect(code).toBe(0);
    expect(stdout).toBe(`${path}: 1 image, 1 object, 1 category: no problems, 0 notes\n`);
  });

  test('image files that are missing, damaged or of another size; exit code 1', async () => {
    const path = write('bad.json', dataset('good.png', 'turned.png', 'small.png', 'cut.png', 'gone.png', 'images.d/x.png')); // prettier-ignore
    const { code, stdout } = await runCommand('data', 'check', path, '--images', inFolder('images'));
    expect(code).toBe(1);
    expect(stdout).toContain('problem: image files that are missing: 2 (gone.png, images.d/x.png)\n');
    expect(stdout).toMatch(/problem: image files of another size than stated: 2 \(turned\.png: 6x8, stated 8x6, width and height exchanged, small\.png: 4x3/); // prettier-ignore
    expect(stdout).toMatch(/problem: image files that cannot be read: 1 \(image .*cut\.png is a damaged/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`${path}: 6 images, 6 objects, 1 category: 5 problems, 0 notes`);
  });

  test('only notes: exit code 0', async () => {
    const file = dataset('a.png', 'b.png') as { annotations: unknown[] };
    file.annotations.pop();
    const { code, stdout } = await runCommand('data', 'check', write('notes.json', file));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^note: images without objects: 1 \(b\.png\)\n.*no problems, 1 note\n$/);
  });

  test.each<[string, unknown, string[], RegExp]>([
    ['a results list', [{ image_id: 1, category_id: 1, score: 1 }], [], /is a results list/],
    ['no JSON', '{"images": ', [], /x\.json/],
    ['no folder', dataset('a.png'), ['--images', 'nowhere'], /image folder nowhere does not exist/],
    ['a file as folder', dataset('a.png'), ['--images', 'package.json'], /--images package\.json is a file/],
  ])('%s: exit code 2', async (_, content, options, message) => {
    const { code, stdout, stderr } = await runCommand('data', 'check', write('x.json', content), ...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  test.skipIf(!hasShared)(
    'real files: the nuclei are sound, three outlines of the powder cross themselves',
    async () => {
      const nuclei = await runCommand('data', 'check', `${SHARED}/nuclei/annotations/val_rle.json`, '--images', `${SHARED}/nuclei/images`); // prettier-ignore
      expect(nuclei.code).toBe(0);
      expect(nuclei.stdout).toContain('63 images, 2356 objects, 1 category: no problems');
      const powder = await runCommand('data', 'check', `${SHARED}/powder/train.json`);
      expect(powder.code).toBe(1);
      expect(powder.stdout).toMatch(
        /^problem: polygons that cross themselves: 2 \(annotations\[177\].*annotations\[826\]/,
      );
    },
  );
});
