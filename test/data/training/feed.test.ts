import { execFile } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { inlineForEsbuild } from '../../../scripts/lib/inline.mjs';
import { ROOT } from '../../../scripts/lib/run.mjs';
import { readTrainingDataset, type TrainingDataset } from '../../../src/data/training/dataset';
import { SampleFeed, type FeedOptions } from '../../../src/data/training/feed';
import { ImageOrder } from '../../../src/data/training/order';
import type { DecodedSample } from '../../../src/data/training/sample';
import { Warnings } from '../../../src/data/warnings';
import { InputError } from '../../../src/errors';
import { temporaryFolder } from '../temporary_folder';
import { testColours, writeDataset, writeImage } from './dataset_files';

const at = temporaryFolder();
const OPTIONS = { categories: null, keepEmptyImages: false, minObjectArea: 1, minObjectSide: 1 };
const IMAGES = 7;

function readTest(name: string): Promise<TrainingDataset> {
  return readTrainingDataset(writeDataset(at(name), IMAGES), at(name), OPTIONS, new Warnings());
}

function orderOf(dataset: TrainingDataset, batchSize = 2): ImageOrder {
  return new ImageOrder(dataset.images, { order: 'shuffle', batchSize, seed: 5, groupByAspectRatio: true });
}

/** Feeds that steps `from` to `to` (excluded) come from. */
async function samples(dataset: TrainingDataset, options: FeedOptions & { to: number }): Promise<DecodedSample[][]> {
  const feed = SampleFeed.create(dataset, orderOf(dataset), options);
  try {
    const steps: DecodedSample[][] = [];
    for (let step = options.from ?? 0; step < options.to; step++) {
      steps.push(await feed.next());
    }
    return steps;
  } finally {
    await feed.close();
  }
}

describe('SampleFeed', () => {
  it('gives every image with its pixels, objects and mask bits, in the order of the steps', async () => {
    const dataset = await readTest('whole');
    const steps = await samples(dataset, { workers: 2, to: 8 });
    const order = orderOf(dataset);
    expect(steps.map((batch) => batch.map(({ imageId }) => imageId - 100))).toEqual(
      steps.map((_, step) => order.imagesOfStep(step).images),
    );
    for (const sample of steps.flat()) {
      const i = sample.imageId - 100;
      const bytes = (9 + i) * 8 * 3;
      expect([sample.fileName, sample.width, sample.height]).toEqual([`images/${i}.png`, 9 + i, 8]);
      expect(sample.pixels.subarray(0, bytes)).toEqual(testColours(9 + i, 8, i));
      expect(sample.pixels.length).toBe(Math.ceil(bytes / 4) * 4);
      const rows = Array.from({ length: sample.objects }, (_, k) => 2 + k);
      expect(sample.objects).toBe(1 + (i % 3));
      expect([...sample.boxes]).toEqual(rows.flatMap((height, k) => [k, k, k + 4, k + height]));
      expect([...sample.words]).toEqual(rows.flatMap((height) => Array<number>(height).fill(0b1111)));
    }
  });

  it('gives the same whatever the number of threads and whichever step it starts at', async () => {
    const dataset = await readTest('same');
    const inline = await samples(dataset, { workers: 0, to: 9 });
    expect(await samples(dataset, { workers: 1, to: 9, ahead: 1 })).toEqual(inline);
    expect(await samples(dataset, { workers: 3, to: 9, ahead: 5 })).toEqual(inline);
    expect(await samples(dataset, { workers: null, from: 5, to: 9 })).toEqual(inline.slice(5));
  });

  it.each([0, 1, 2])('ends with a sentence at a damaged file, in its turn: %i threads', async (workers) => {
    const dataset = await readTest(`damaged${workers}`);
    const [first, second] = [0, 1].map((step) => orderOf(dataset).imagesOfStep(step).images);
    writeFileSync(dataset.images[second[1]].path, 'no image');
    const feed = SampleFeed.create(dataset, orderOf(dataset), { workers });
    try {
      expect(await feed.next()).toHaveLength(first.length);
      const error: unknown = await feed.next().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).message).toContain(`image ${dataset.images[second[1]].path} is `);
      expect((error as InputError).message).toContain('convert it or leave it out');
    } finally {
      await feed.close();
    }
  });

  it('says that an image has another size than its annotations, or is gone', async () => {
    const dataset = await readTest('size');
    dataset.images.forEach(({ path }, i) => {
      writeImage(path, 30, 30, i);
    });
    await expect(samples(dataset, { workers: 1, to: 1 })).rejects.toThrow(
      /pixels, the annotation file says .*: name the image folder/,
    );
    rmSync(at('size', 'images'), { recursive: true });
    await expect(samples(dataset, { workers: 1, to: 1 })).rejects.toThrow('does not exist: check the path');
  });

  it('decodes no further ahead than it is told', async () => {
    const dataset = await readTest('ahead');
    const asked: number[] = [];
    const order = orderOf(dataset);
    const imagesOfStep = order.imagesOfStep.bind(order);
    order.imagesOfStep = (step) => {
      asked.push(step);
      return imagesOfStep(step);
    };
    const feed = SampleFeed.create(dataset, order, { workers: 1, ahead: 3, from: 4, to: 9 });
    expect(asked).toEqual([4, 5, 6]);
    await feed.next();
    expect(asked).toEqual([4, 5, 6, 7]);
    for (let step = 5; step < 9; step++) {
      await feed.next();
    }
    expect(asked).toEqual([4, 5, 6, 7, 8]);
    await expect(feed.next()).rejects.toThrow(RangeError);
    expect(feed.waited).toBeGreaterThan(0);
    await feed.close();
  });

  it('closes in the midst of its work', async () => {
    const dataset = await readTest('close');
    const feed = SampleFeed.create(dataset, orderOf(dataset), { workers: 2, ahead: 20 });
    const waiting = feed.next();
    const outcome = expect(waiting).rejects.toThrow('closed');
    await feed.close();
    await outcome;
    await feed.close();
    await expect(feed.next()).rejects.toThrow();
  });

  it('works from a bundle, started anywhere, and lets the process end without being closed', async () => {
    const dataset = await readTest('bundle');
    symlinkSync(join(ROOT, 'node_modules'), at('node_modules'), 'junction');
    const from = (name: string) => JSON.stringify(join(ROOT, 'src/data', name));
    await build({
      stdin: {
        contents: `
          import { readTrainingDataset } from ${from('training/dataset')};
          import { ImageOrder } from ${from('training/order')};
          import { Warnings } from ${from('warnings')};
          const folder = process.argv[2];
          const dataset = await readTrainingDataset(folder + '/ann.json', folder, ${JSON.stringify(OPTIONS)}, new Warnings());
          const order = new ImageOrder(dataset.images, ${JSON.stringify(orderOf(dataset).settings)});
          const { SampleFeed } = await import(${from('training/feed')});
          const feed = SampleFeed.create(dataset, order, { workers: 2 });
          const [sample] = await feed.next();
          console.log(JSON.stringify([sample.imageId, [...sample.pixels], [...sample.words]]));`,
        resolveDir: ROOT,
      },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      plugins: [inlineForEsbuild],
      outdir: at('dist'),
      entryNames: 'main',
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunks/[name]-[hash]',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [at('dist', 'main.mjs'), at('bundle')], {
      cwd: '/',
      timeout: 60_000,
    });
    const [[sample]] = await samples(dataset, { workers: 0, to: 1 });
    expect(JSON.parse(stdout)).toEqual([sample.imageId, [...sample.pixels], [...sample.words]]);
  });
});
