import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/data/dataset_file';
import { Warnings } from '../../src/data/warnings';
import { rleArea } from '../../src/eval/rle';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';

const folder = temporaryFolder();

describe('engine synth', () => {
  it('writes a set and says what is where, and what is next', async () => {
    const out = folder('set');
    const sizes = ['--size', '128x128', '--particles', '4-6', '--particle-size', '12-30'];
    const options = ['--images', '4', '--val', '1', '--seed', '7', '--distractors', 'off', ...sizes];
    const { code, stdout, stderr } = await runCommand('synth', '--out', out, ...options);
    expect(code, stderr).toBe(0);
    const dataset = await readDataset(`${out}/annotations_rle.json`, new Warnings(), { masks: true });
    const counts = dataset.images.map(({ id }) => dataset.annotations.filter(({ imageId }) => imageId === id).length);
    expect(counts.every((count) => count >= 4 && count <= 6)).toBe(true);
    // Of the smallest particle 30 % may be all that is seen; rounding an outline to pixels may add to the largest.
    const areas = dataset.annotations.map(({ mask }) => rleArea(mask!));
    expect(Math.min(...areas)).toBeGreaterThanOrEqual(0.3 * (Math.PI / 4) * 12 ** 2);
    expect(Math.max(...areas)).toBeLessThanOrEqual((Math.PI / 4) * 30 ** 2 + 30);
    const particles = dataset.annotations.length;
    const [train, val, next, ...rest] = stdout.trimEnd().split('\n');
    const files = (name: string): string => `${out}/images, ${out}/${name}_rle.json, ${out}/${name}_poly.json`;
    expect(train).toBe(`4 images with ${particles} particles: ${files('annotations')}`);
    expect(val).toMatch(/^1 image for validation with [456] particles: /);
    expect(val).toContain(files('annotations_val'));
    expect(next).toMatch(/^next: engine infer /);
    expect(rest).toEqual([]);
    expect(stderr).toContain('5/5 images');
    expect(readdirSync(`${out}/images`)).toHaveLength(5);
  });

  it.each([
    [['--size', '128'], '--size 128: give width x height in pixels, each from 64 to 4096, such as 1280x1024'],
    [['--size', '32x128'], '--size 32x128: give width x height in pixels, each from 64 to 4096, such as 1280x1024'],
    [['--images', '0'], '--images 0: give a whole number from 1 to 100000'],
    [['--seed', '-1'], '--seed -1: give a whole number from 0 to 9007199254740991'],
    [
      ['--particles', '9-4'],
      '--particles 9-4: give two whole numbers from 0 to 2000, the smaller one first, such as 0-2000',
    ],
    [
      ['--particles', '9-'],
      '--particles 9-: give two whole numbers from 0 to 2000, the smaller one first, such as 0-2000',
    ],
    [
      ['--particle-size', '8-90', '--size', '64x80'],
      '--particle-size 8-90: particles of 90 pixels do not fit a picture of 64x80; give smaller ones or a larger --size',
    ],
    [
      ['--particles', '300', '--size', '64x64'],
      /^a picture of 64x64 has room for only \d+ of 300 particles: lower --particles or --particle-size, or raise --size$/,
    ],
  ])('refuses %j in one sentence', async (options, sentence) => {
    const { code, stdout, stderr } = await runCommand('synth', '--out', folder('bad'), '--images', '1', ...options);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^engine: [^\n]*\n$/);
    const told = stderr.slice('engine: '.length, -1);
    expect(told).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
    expect(existsSync(folder('bad', 'images'))).toBe(false);
  });

  it('refuses a switch that is neither on nor off', async () => {
    const { code, stderr } = await runCommand('synth', '--out', folder('bad'), '--images', '1', '--distractors', 'no');
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are on, off');
  });
});
