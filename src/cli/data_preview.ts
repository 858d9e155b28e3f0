import type { Command } from 'commander';
import { resolveConfig } from '../config/load';
import type { TrainConfig } from '../config/schema';
import { readTrainingDataset } from '../data/training/dataset';
import { SampleFeed } from '../data/training/feed';
import { Warnings } from '../data/warnings';
import { writeFile } from '../data/write_file';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { nodeHost } from '../node/webgpu';
import { changesColours } from '../train/augment/draw_colours';
import { augmentPass, courseOf } from '../train/course';
import { roomFor, SampleRenderer, type PreparedSample } from '../train/augment/render';
import { drawSheet, drawTile, type Tile } from '../train/augment/sheet';
import { adapterOption } from './adapter-option';
import { withDeviceAdvice } from './device-advice';
import { wholeNumber } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';
import { Progress } from './progress';
import { trainingFiles } from './training-files';

interface PreviewOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly out: string;
  readonly samples: number;
  readonly step: number;
  readonly columns: number;
  readonly side: number;
  readonly adapter: AdapterChoice;
}

/** `engine data preview`: what a configuration makes of the images that it trains on. */
export function registerDataPreview(data: Command): void {
  const several = (value: string, previous: readonly string[]): string[] => [...previous, value];
  data
    .command('preview')
    .description('a sheet of the images that training begins with, as the model gets them, with their masks')
    .requiredOption('--config <name or file>', 'configuration of the training')
    .option('--set <key=value>', 'set a key of the configuration, e.g. augment.rotate.probability=1', several, [])
    .requiredOption('--out <file>', 'where the sheet goes (PNG)')
    .option('--samples <number>', 'images on the sheet', wholeNumber('--samples', 1, 256), 12)
    .option('--step <number>', 'the first step to show, from 0', wholeNumber('--step', 0, 2 ** 32 - 1), 0)
    .option('--columns <number>', 'images in a row', wholeNumber('--columns', 1, 64), 4)
    .option('--side <pixels>', 'longer side of an image on the sheet', wholeNumber('--side', 32, 4096), 480)
    .addOption(adapterOption())
    .action(preview);
}

async function preview(options: PreviewOptions): Promise<void> {
  const { config } = resolveConfig(options.config, options.set);
  const { annotations, images } = trainingFiles(config);
  await requireOtherFile(options.out, [options.config, annotations], '--out');
  const warnings = new Warnings();
  const samples = await prepare(config, await readTrainingDataset(annotations, images, config.data, warnings), options);
  const tiles = await withDeviceAdvice(
    'lower model.image.min_size and max_size, or use another adapter (--adapter)',
    () => draw(samples, config, options),
  );
  await writeFile(options.out, await drawSheet(tiles, options.columns, options.side));
  printWarnings(warnings);
  console.log(`${tiles.length} training images in ${options.out}`);
}

interface ShownSample extends PreparedSample {
  readonly step: number;
}

async function prepare(
  config: TrainConfig,
  dataset: Awaited<ReturnType<typeof readTrainingDataset>>,
  { samples, step: first }: PreviewOptions,
): Promise<ShownSample[]> {
  const passes = config.train.accumulate;
  const { order } = courseOf(config, dataset.images);
  const feed = SampleFeed.create(dataset, order, { workers: config.data.workers, from: first * passes });
  const shown: ShownSample[] = [];
  try {
    for (let pass = first * passes; shown.length < samples; pass++) {
      const batch = await feed.next();
      const step = Math.floor(pass / passes);
      const augmented = augmentPass(batch, pass, config);
      shown.push(...batch.map((sample, i) => ({ sample, step, augmented: augmented[i] })));
    }
  } finally {
    await feed.close();
  }
  return shown.slice(0, samples);
}

async function draw(
  samples: readonly ShownSample[],
  { model, augment }: TrainConfig,
  { adapter, side }: PreviewOptions,
): Promise<Tile[]> {
  const gpu = await GpuDevice.open(nodeHost, adapter);
  const progress = new Progress(samples.length, 'images');
  const tiles: Tile[] = [];
  try {
    const room = roomFor(samples, model.image.sizeDivisor, changesColours(augment));
    const renderer = await SampleRenderer.create(gpu, room, model.image);
    try {
      for (const { sample, step, augmented } of samples) {
        const rendered = await renderer.render(augmented);
        const lines = [
          `step ${step}: ${sample.fileName}`,
          `${rendered.width} x ${rendered.height}, ${rendered.objects.length} of ${sample.objects} objects`,
        ];
        tiles.push({ canvas: await drawTile(rendered, side), lines });
        progress.step(sample.fileName);
      }
    } finally {
      renderer.release();
    }
  } finally {
    progress.end();
    gpu.close();
  }
  return tiles;
}
