import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../data/temporary_folder';
import { expectSame } from '../helpers/compare';
import { runCommand } from '../helpers/command';

const folder = temporaryFolder();
const [WIDTH, HEIGHT] = [60, 40];
const COLOURS = [
  [200, 30, 40],
  [20, 180, 90],
] as const;

/** Two images of one colour each, with one object each in the left upper corner. */
beforeAll(async () => {
  mkdirSync(folder('images'));
  for (const [i, [r, g, b]] of COLOURS.entries()) {
    const image = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: { r, g, b } } });
    await image.png().toFile(folder('images', `${i}.png`));
  }
  const annotations = COLOURS.map((_, i) => ({
    id: i + 1,
    image_id: i + 1,
    category_id: 1,
    iscrowd: 0,
    area: 200,
    bbox: [5, 5, 20, 10],
    segmentation: [[5, 5, 25, 5, 25, 15, 5, 15]],
  }));
  const images = COLOURS.map((_, i) => ({ id: i + 1, file_name: `${i}.png`, width: WIDTH, height: HEIGHT }));
  writeFileSync(folder('train.json'), JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'flake' }] }));
});

const preview = (...more: string[]) =>
  runCommand(
    ...['data', 'preview', '--config', 'mask_rcnn_slim', '--out', folder('sheet.png'), '--samples', '3'],
    ...['--columns', '2', '--side', '120', '--set', 'data.order=sequence', '--set', 'augment.resize.native=true'],
    ...['--set', 'data.workers=0', '--set', 'train.batch_size=1', ...more],
  );
const data = () => [
  ...['--set', `data.train.annotations=${folder('train.json')}`],
  ...['--set', `data.train.images=${folder('images')}`],
];

async function pixelReader(): Promise<(x: number, y: number) => number[]> {
  const { data: bytes, info } = await sharp(folder('sheet.png')).raw().toBuffer({ resolveWithObject: true });
  return (x, y) => Array.from(bytes.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3));
}

test('a sheet shows the images in their order, with their objects', async () => {
  const { code, stdout, stderr } = await preview(...data());
  expect(stderr).not.toContain('engine:');
  expect([code, stdout]).toEqual([0, `3 training images in ${folder('sheet.png')}\n`]);
  const { width, height } = await sharp(folder('sheet.png')).metadata();
  // two columns of 120 pixels with gaps of 8; two rows of 80 and two lines of text
  expect([width, height]).toEqual([2 * 128 + 8, 2 * (80 + 28 + 8) + 8]);
  const pixel = await pixelReader();
  // twice as large; right below the objects
  expectSame(pixel(8 + 100, 8 + 70), COLOURS[0]);
  expectSame(pixel(8 + 128 + 100, 8 + 70), COLOURS[1]);
  expectSame(pixel(8 + 100, 8 + 116 + 70), COLOURS[0]);
  expect(pixel(8 + 30, 8 + 20)).not.toEqual([...COLOURS[0]]);
});

test('changes are seen: a mirrored image, another brightness', async () => {
  const flip = ['--set', 'augment.flip_horizontal.probability=1'];
  const bright = ['--set', 'augment.brightness={probability: 1, factor: [0.5, 0.5]}'];
  expect((await preview(...data(), ...flip, ...bright)).code).toBe(0);
  const pixel = await pixelReader();
  const half = COLOURS[0].map((value) => value / 2);
  expectSame(pixel(8 + 30, 8 + 20), half);
  expect(pixel(8 + 120 - 30, 8 + 20)).not.toEqual(half);
});

test('what is missing is told', async () => {
  const none = await preview();
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(
    /^engine: data\.train\.annotations is not given: add --set data\.train\.annotations=train\.json$/m,
  );
  const wrong = await preview(...data(), '--set', 'augment.rotate.probabilty=1');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('probability');
  const same = await preview(...data(), '--out', folder('train.json'));
  expect(same.code).toBe(2);
});
