import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { usualRanges, type Range } from '../data/synth/scene';
import { writeScenes, type WrittenScenes } from '../data/synth/write_scenes';
import { InputError } from '../errors';
import { wholeNumber, wholeRange } from './number-option';
import { Progress } from './progress';

interface SynthOptions {
  readonly out: string;
  readonly images: number;
  readonly val: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly seed: number;
  readonly particles?: Range;
  readonly particleSize?: Range;
  readonly distractors: 'on' | 'off';
  readonly format: 'png' | 'jpg';
}

const SIDE = { min: 64, max: 4096 };

/** `engine synth`: pictures of particles with exact masks, made without any data. */
export function registerSynth(program: Command): void {
  program
    .command('synth')
    .description('make pictures of bright flakes in dark fluid, with exact COCO masks, to train and try things on')
    .requiredOption('--out <folder>', 'where images/, annotations_rle.json and annotations_poly.json go')
    .requiredOption('--images <number>', 'pictures', wholeNumber('--images', 1, 100_000))
    .option(
      '--val <number>',
      'further pictures, held out, with files of their own',
      wholeNumber('--val', 0, 100_000),
      0,
    )
    .addOption(
      new Option('--size <WxH>', 'size of a picture in pixels').argParser(size).default(size('1280x1024'), '1280x1024'),
    )
    .option(
      '--seed <number>',
      'another number, other pictures; the same one, the same',
      wholeNumber('--seed', 0, Number.MAX_SAFE_INTEGER),
      1,
    )
    .option(
      '--particles <MIN-MAX>',
      'particles in a picture; default: 60-150 at 1280x1024, in smaller ones fewer',
      wholeRange('--particles', 0, 2000),
    )
    .option(
      '--particle-size <MIN-MAX>',
      'diameters of circles of the same area, in pixels; default: 8-90, in small pictures less',
      wholeRange('--particle-size', 6, 500),
    )
    .addOption(
      new Option('--distractors <on or off>', "air bubbles, the vessel's rim and specks, which are not annotated")
        .choices(['on', 'off'])
        .default('on'),
    )
    .addOption(new Option('--format <kind>', 'of the picture files').choices(['png', 'jpg']).default('png'))
    .action(synth);
}

async function synth(options: SynthOptions): Promise<void> {
  const { width, height } = options.size;
  const usual = usualRanges(width, height);
  const particles = options.particles ?? usual.particles;
  const diameters = options.particleSize ?? usual.diameters;
  if (diameters[1] > Math.min(width, height)) {
    throw new InputError(
      `--particle-size ${diameters.join('-')}: particles of ${diameters[1]} pixels do not fit a picture of ` +
        `${width}x${height}; give smaller ones or a larger --size`,
    );
  }
  const { out, seed, images, val, format } = options;
  const scene = { width, height, particles, diameters, distractors: options.distractors === 'on' };
  const progress = new Progress(images + val, 'images');
  let written: WrittenScenes[];
  try {
    written = await writeScenes(out, { scene, seed, images, val, format }, (rendered, fileName) => {
      progress.step(`${rendered.particles.length} particles in ${fileName}`);
    });
  } finally {
    progress.end();
  }
  const folder = join(out, 'images');
  written.forEach((part, i) => {
    const what = `${part.images} ${part.images === 1 ? 'image' : 'images'}${i === 1 ? ' for validation' : ''}`;
    console.log(`${what} with ${part.particles} particles: ${folder}, ${part.rle}, ${part.polygons}`);
  });
  const { rle } = written[written.length - 1];
  console.log(
    `next: engine infer --weights WEIGHTS --coco ${rle} --image-root ${folder} --out ${join(out, 'found')} --overlay`,
  );
}

function size(text: string): { width: number; height: number } {
  const match = /^(\d+)x(\d+)$/.exec(text);
  const sides = match === null ? [] : [Number(match[1]), Number(match[2])];
  if (sides.length === 0 || sides.some((side) => side < SIDE.min || side > SIDE.max)) {
    throw new InputError(
      `--size ${text}: give width x height in pixels, each from ${SIDE.min} to ${SIDE.max}, such as 1280x1024`,
    );
  }
  return { width: sides[0], height: sides[1] };
}
