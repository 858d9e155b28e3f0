import { readFileSync, rmSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DetectionData, DetectionPicture } from '../../src/report/detection_data';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand, type CommandOutcome } from '../helpers/command';
import { countScene, HOSTILE_CLASS, HOSTILE_NAME, writeScene, type Scene } from './detection_scene';

const temporary = temporaryFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await writeScene(temporary('scene'));
});

function report(out: string, ...more: string[]): Promise<CommandOutcome> {
  const { gt, pred, images } = scene.files;
  return runCommand('report', '--gt', gt, '--pred', pred, '--images', images, '--out', out, ...more);
}

function dataOf<Data>(path: string, id: string): Data {
  const html = readFileSync(path, 'utf8');
  const [, text] = new RegExp(`id="${id}">(.*?)</script>`, 's').exec(html) ?? [];
  return JSON.parse(text) as Data;
}

describe('engine report', () => {
  test('the same input gives the same bytes, names of any kind included', async () => {
    const [first, second] = [temporary('first.html'), temporary('second.html')];
    expect(await report(first)).toMatchObject({ code: 0 });
    await report(second);
    expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'));
    expect(readFileSync(first, 'utf8').match(/<img src=x|<svg onload|onerror=alert\(1\)>/g)).toBeNull();
    const { images, categories } = dataOf<DetectionData>(first, 'report');
    expect(images[0].name).toBe(HOSTILE_NAME);
    expect(categories.map(({ name }) => name)).toEqual(['grain', HOSTILE_CLASS]);
  });

  test('outlines are those of the masks, boxes those of the file', async () => {
    const out = temporary('outlines.html');
    for (const type of ['segm', 'bbox']) {
      await report(out, '--type', type);
      const { objects } = dataOf<DetectionPicture>(out, 'picture-0');
      const [x, y, width, height] = scene.objects[0].box;
      const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]; // prettier-ignore
      const drawn = objects[0][0].flatMap((_, i, ring) => (i % 2 === 0 ? [[ring[i], ring[i + 1]]] : []));
      expect(new Set(drawn.map(String))).toEqual(new Set(corners.map(String)));
    }
  });

  test('--max-images keeps the images with the most errors, and the figures of all', async () => {
    const out = temporary('few.html');
    const { stdout } = await report(out, '--max-images', '2');
    expect(stdout).toMatch(/^2 of 6 images, /);
    const { images } = dataOf<DetectionData>(out, 'report');
    const errors = scene.names.map((_, i) => {
      const ofImage = ({ imageId }: { imageId: number }): boolean => imageId === 10 + i;
      const one = { ...scene, objects: scene.objects.filter(ofImage), detections: scene.detections.filter(ofImage) };
      const [, missed, wrong] = countScene(one, 0.5, 0.5);
      return missed + wrong;
    });
    const [most, second, third] = [...errors].sort((a, b) => b - a);
    expect(second).toBeGreaterThan(third);
    const kept = errors.filter((_, i) => images[i].thumbnail !== undefined);
    expect(kept.sort((a, b) => b - a)).toEqual([most, second]);
    expect(images.map(({ match }) => match.objects.areas.length)).toEqual(errors.map(() => 20));
    expect(readFileSync(out, 'utf8')).toContain('of the other 4 the report holds the figures alone');
  });

  test('an image that is not there: one sentence with the way out, and no file', async () => {
    const other = await writeScene(temporary('gone'), 2);
    rmSync(temporary('gone', 'images', 'plate_2.png'));
    const { gt, pred, images } = other.files;
    const out = temporary('none.html');
    const { code, stderr } = await runCommand('report', '--gt', gt, '--pred', pred, '--images', images, '--out', out);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `engine: image folder ${images} lacks 1 of 2 images of ${gt} (plate_2.png): ` +
        'name the folder that "file_name" starts from\n',
    );
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });
});
