import { basename } from 'node:path';
import type { Command } from 'commander';
import { particlesCsv, summaryJson, type NamedSet } from '../data/particle_files';
import { missingImages, requireImageFolder } from '../data/dataset_image';
import { OutputFolder } from '../data/output_folder';
import { readParticleSet } from '../data/particle_set';
import { Warnings } from '../data/warnings';
import { InputError } from '../errors';
import { scaleOf, type Scale } from '../eval/particle_measures';
import { compareParticles, type MeasureComparison } from '../eval/particles';
import { particlesPage, type ShownSet } from '../report/particles_page';
import { number, wholeNumber } from './number-option';
import { describeParticles } from './particles-summary';
import { printWarnings } from './print-warnings';
import { Progress } from './progress';

interface ParticlesOptions {
  readonly pred: string;
  readonly out: string;
  readonly gt?: string;
  readonly imagesJson?: string;
  readonly images?: string;
  readonly umPerPx?: number;
  readonly scoreThreshold?: number;
  readonly excludeBorder?: boolean;
  readonly compare?: string;
  readonly compareGt?: string;
  readonly compareImages?: string;
  readonly names?: string;
  readonly reportImages: number;
}

/** `engine particles`: sizes and shapes of predicted or annotated objects. */
export function registerParticles(program: Command): void {
  program
    .command('particles')
    .description('sizes and shapes of objects: a table, statistics and a report to look at; --compare: of two sets')
    .requiredOption('--pred <file>', 'masks: a results list (predict.segm.json), or an object with "annotations"')
    .requiredOption('--out <folder>', 'where particles.csv, summary.json and report.html go')
    .option('--gt <file>', 'annotation file that lists the images and classes of a results list')
    .option('--images-json <file>', 'instead of --gt: a list of images (default: images.json beside a results list)')
    .option('--images <folder>', 'the images, to be seen in the report')
    .option('--um-per-px <um>', 'micrometres per pixel; default: all in pixels', number('--um-per-px', 1e-9, 1e9))
    .option('--score-threshold <score>', 'leave out objects below this score', number('--score-threshold', 0, 1))
    .option('--exclude-border', "leave out objects at the image's border, which may be cut")
    .option('--compare <file>', 'a second set, e.g. after a process, to set against the first')
    .option('--compare-gt <file>', 'annotation file of --compare (default: --gt)')
    .option('--compare-images <folder>', 'the images of --compare (default: --images)')
    .option('--names <first,second>', 'names of the two sets, e.g. before,after')
    .option(
      '--report-images <number>',
      'images of each set shown in the report, the first ones',
      wholeNumber('--report-images', 0, 10_000),
      60,
    )
    .action(particles);
}

async function particles(options: ParticlesOptions): Promise<void> {
  checkOptions(options);
  const warnings = new Warnings();
  const scale = scaleOf(options.umPerPx);
  const sets = await readSets(options, warnings);
  const comparison = sets.length > 1 ? compareParticles(sets[0].particles, sets[1].particles, scale) : undefined;
  const folder = await OutputFolder.create(options.out, { mayHoldFiles: true });
  const files = {
    'particles.csv': () => particlesCsv(sets, scale),
    'summary.json': () => summaryJson(sets, scale, comparison),
    'report.html': () => report(sets, scale, comparison, options, warnings),
  };
  try {
    for (const [name, content] of Object.entries(files)) {
      await folder.add(name, await content());
    }
    await folder.commit();
  } finally {
    await folder.abort();
  }
  printWarnings(warnings);
  console.log(describeParticles(sets, scale, comparison));
  console.log(`${Object.keys(files).join(', ')}: in ${options.out}`);
}

async function report(
  sets: readonly NamedSet[],
  scale: Scale,
  comparison: readonly MeasureComparison[] | undefined,
  { images, compareImages, reportImages: maxImages }: ParticlesOptions,
  warnings: Warnings,
): Promise<string> {
  const folders = [images, compareImages ?? images];
  const shown = await Promise.all(sets.map((set, i) => withImages(set, folders[i], maxImages, warnings)));
  const total = shown.reduce((sum, set) => sum + Math.min(set.images.length, maxImages), 0);
  const progress = new Progress(total, 'images');
  try {
    return await particlesPage({
      sets: shown,
      scale,
      maxImages,
      ...(comparison === undefined ? {} : { comparison }),
      onImage: (name) => {
        progress.step(`${name} in the report`);
      },
    });
  } finally {
    progress.end();
  }
}

/** Looks which of the images to be shown are in the folder; none of them is an error, some are a warning. */
async function withImages(
  set: NamedSet,
  folder: string | undefined,
  maxImages: number,
  warnings: Warnings,
): Promise<ShownSet> {
  const wanted = folder === undefined ? [] : set.images.slice(0, maxImages);
  if (folder === undefined || wanted.length === 0) {
    return { ...set, available: new Set() };
  }
  const named = wanted.filter(({ fileName }) => fileName !== '');
  if (named.length === 0) {
    throw new InputError(
      `${set.path} does not say which files its images are, so --images ${folder} cannot be shown: ` +
        'add --gt or --images-json (for --compare: --compare-gt)',
    );
  }
  await requireImageFolder(folder);
  const missing = await missingImages(folder, named);
  if (missing.length === named.length) {
    throw new InputError(
      `none of the images of ${set.path} is in ${folder} (first: ${missing[0].fileName}): name the folder that ` +
        'file_name starts from',
    );
  }
  missing.forEach(({ fileName }) => {
    warnings.add(`images that are not in ${folder}, shown as a plain background`, fileName);
  });
  const available = new Set(named.filter((image) => !missing.includes(image)).map(({ id }) => id));
  return { ...set, imageFolder: folder, available };
}

function checkOptions({ gt, imagesJson, compare, ...options }: ParticlesOptions): void {
  if (gt !== undefined && imagesJson !== undefined) {
    throw new InputError('--gt and --images-json both list the images: leave one out');
  }
  for (const [option, value] of [
    ['--compare-gt', options.compareGt],
    ['--compare-images', options.compareImages],
    ['--names', options.names],
  ] as const) {
    if (compare === undefined && value !== undefined) {
      throw new InputError(`${option} ${value} belongs to a second set: add --compare FILE`);
    }
  }
}

async function readSets(options: ParticlesOptions, warnings: Warnings): Promise<NamedSet[]> {
  const { pred, compare, gt, compareGt, imagesJson, names } = options;
  const [first, second] = setNames(pred, compare, names);
  const one = await readParticleSet(pred, warnings, { ...options, gt, imagesJson });
  if (compare === undefined) {
    return [{ ...one, name: first }];
  }
  const choice = { scoreThreshold: options.scoreThreshold, excludeBorder: options.excludeBorder };
  const other = await readParticleSet(compare, warnings, {
    ...choice,
    gt: compareGt,
    otherwiseGt: gt,
    what: 'predictions of --compare',
  });
  return [
    { ...one, name: first },
    { ...other, name: second },
  ];
}

/** As the user names them, else by the files' names; never alike. */
function setNames(pred: string, compare: string | undefined, names: string | undefined): [string, string] {
  if (names !== undefined) {
    const parts = names.split(',').map((name) => name.trim());
    if (parts.length !== 2 || parts.includes('') || parts[0] === parts[1]) {
      throw new InputError(`--names ${names}: give two different names with a comma between, e.g. before,after`);
    }
    return [parts[0], parts[1]];
  }
  const [first, second] = [basename(pred), basename(compare ?? '')];
  return first === second ? ['first', 'second'] : [first, second];
}
