import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Option, type Command } from 'commander';
import {
  asDataset,
  asResults,
  readCocoFile,
  readGroundTruth,
  withPolygons,
  withRunLengths,
  writeCocoFile,
} from '../data/convert/coco_files';
import type { Convertible } from '../data/convert/convertible';
import { readDetectionCsv, writeDetectionCsv } from '../data/convert/detection_csv';
import { readMaskFolder, writeLabelImages } from '../data/convert/mask_folder';
import { findVocAnnotations, readVoc, writeVoc } from '../data/convert/voc';
import { readError } from '../data/file_error';
import { OutputFolder } from '../data/output_folder';
import { Warnings } from '../data/warnings';
import { InputError } from '../errors';
import { number } from './number-option';
import { requireOtherFile } from './other-file';
import { printWarnings } from './print-warnings';
import { Progress } from './progress';

const SOURCES = ['coco', 'voc', 'masks', 'csv'] as const;
const TARGETS = ['coco-rle', 'coco-poly', 'coco', 'results', 'voc', 'masks', 'csv'] as const;

type Source = (typeof SOURCES)[number];
type Target = (typeof TARGETS)[number];

interface ConvertOptions {
  readonly to: Target;
  readonly out: string;
  readonly from?: Source;
  readonly gt?: string;
  readonly images?: string;
  readonly simplify?: number;
  readonly category?: string;
  readonly split?: boolean;
  readonly set?: string;
}

/** `engine data convert`: annotations and predictions from one format to another. */
export function registerDataConvert(data: Command): void {
  data
    .command('convert')
    .description('COCO (polygons, RLE, results), PASCAL VOC, mask images and detection CSV into one another')
    .argument('<in>', 'a COCO JSON or results list, a PASCAL VOC folder, a folder of masks, or a detection CSV')
    .addOption(new Option('--to <format>', 'what to write').choices(TARGETS).makeOptionMandatory())
    .requiredOption('--out <path>', 'the file, or for voc and masks the new folder, to write')
    .addOption(new Option('--from <format>', 'what IN is; default: as its content tells').choices(SOURCES))
    .option('--gt <file>', 'the annotation file that results or a CSV belong to: images, sizes and classes')
    .option('--images <folder>', 'the images of a VOC folder or of masks: file names and sizes')
    .option(
      '--simplify <pixels>',
      'for coco-poly: fewer points, masks change by up to this',
      number('--simplify', 0.1, 100),
    )
    .option('--category <name>', 'for a folder of masks: the class (default: object)')
    .option('--split', 'for a folder of masks: parts that do not touch become objects of their own')
    .option('--set <name>', 'for voc: the set in ImageSets/Main to read (default: all) or to write (trainval)', setName)
    .addHelpText(
      'after',
      `
Examples:
  engine data convert train.json --to coco-rle --out train_rle.json
  engine data convert VOCdevkit/VOC2012 --to coco --out voc.json --set train
  engine data convert masks/ --images images/ --category particle --to coco-poly --out train.json
  engine data convert predict.bbox.json --gt val.json --to csv --out submission.csv`,
    )
    .action(convert);
}

async function convert(input: string, options: ConvertOptions): Promise<void> {
  const { to, out } = options;
  const warnings = new Warnings();
  await requireOtherFile(out, [input, options.gt]);
  const source = options.from ?? (await recognise(input));
  refuseUnused(options, source);
  const data = await read(input, source, options, warnings);
  requireWork(data, input, source, options);
  await write(data, options, warnings);
  printWarnings(warnings);
  const images = new Set(
    data.images.length > 0 ? data.images.map(({ id }) => id) : data.objects.map(({ imageId }) => imageId),
  );
  console.log(`${counted(data.objects.length, 'object')} in ${counted(images.size, 'image')}: ${out} (${to})`);
  if (options.simplify !== undefined) {
    console.log(
      `polygons were simplified by up to ${options.simplify} px: masks are no longer exactly those of ${input}`,
    );
  }
}

function setName(text: string): string {
  if (!/^[\w-]+$/.test(text)) {
    throw new InputError(`--set ${text}: give the name of a set, e.g. train`);
  }
  return text;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

async function recognise(input: string): Promise<Source> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(input)).isDirectory();
  } catch (error) {
    throw readError(error, 'input', input);
  }
  if (isFolder) {
    return recogniseFolder(input);
  }
  switch (extname(input).toLowerCase()) {
    case '.json':
      return 'coco';
    case '.csv':
      return 'csv';
    default:
      throw new InputError(
        `${input} is neither .json nor .csv nor a folder: say what it is with --from ${SOURCES.join('|')}`,
      );
  }
}

async function recogniseFolder(input: string): Promise<Source> {
  if ((await findVocAnnotations(input)) !== undefined) {
    return 'voc';
  }
  for (const name of (await readdir(input)).sort()) {
    if ((await findVocAnnotations(join(input, name))) === join(input, name, 'Annotations')) {
      throw new InputError(`${input} holds the PASCAL VOC folder ${name}: name ${join(input, name)}`);
    }
  }
  return 'masks';
}

/** An option without an effect is a misunderstanding. */
function refuseUnused(options: ConvertOptions, source: Source): void {
  const rules: [keyof ConvertOptions, boolean, string][] = [
    ['gt', source === 'coco' || source === 'csv', 'a results list or a CSV'],
    ['images', source === 'voc' || source === 'masks', 'a VOC folder or a folder of masks'],
    ['simplify', options.to === 'coco-poly', '--to coco-poly'],
    ['category', source === 'masks', 'a folder of masks'],
    ['split', source === 'masks', 'a folder of masks'],
    ['set', source === 'voc' || options.to === 'voc', 'a VOC folder or --to voc'],
  ];
  for (const [option, isUsed, goesWith] of rules) {
    if (options[option] !== undefined && !isUsed) {
      throw new InputError(`--${option} goes with ${goesWith}: leave it out here`);
    }
  }
  if (options.to === source && source !== 'coco') {
    throw new InputError(`the input already is ${source}: name another format`);
  }
  if ((source === 'voc' || source === 'csv') && needsMasks(options.to)) {
    throw new InputError(`${source} holds boxes, no masks: use --to coco`);
  }
}

/** Refuses what the input's content shows to be a misunderstanding. */
function requireWork(data: Convertible, input: string, source: Source, { to, gt }: ConvertOptions): void {
  const { kind, objects } = data;
  if (source === 'coco' && kind === 'dataset' && gt !== undefined) {
    throw new InputError(`${input} is an annotation file itself: --gt goes with a results list or a CSV`);
  }
  if (source === 'coco' && to === (kind === 'dataset' ? 'coco' : 'results')) {
    throw new InputError(
      kind === 'dataset'
        ? `${input} already is a COCO annotation file: choose coco-rle or coco-poly`
        : `${input} already is a results list: name another format`,
    );
  }
  if (needsMasks(to) && objects.length > 0 && objects.every(({ mask }) => mask === undefined)) {
    throw new InputError(`${input} holds boxes only, and ${to} needs masks: it has no field "segmentation"`);
  }
}

function needsMasks(to: Target): boolean {
  return to === 'coco-rle' || to === 'coco-poly' || to === 'masks';
}

async function read(input: string, source: Source, options: ConvertOptions, warnings: Warnings): Promise<Convertible> {
  const { to, gt, images, category, split, set } = options;
  const groundTruth = gt === undefined ? undefined : await readGroundTruth(gt, warnings);
  switch (source) {
    case 'coco':
      // For `coco` the masks give predictions their areas.
      return readCocoFile(input, needsMasks(to) || to === 'coco', warnings, groundTruth);
    case 'voc':
      return readVoc(input, { set, images }, warnings);
    case 'csv':
      return readDetectionCsv(input, to !== 'results', warnings, groundTruth);
    case 'masks':
      return withProgress((onImage) => readMaskFolder(input, { images, category, split, onImage }, warnings));
  }
}

async function write(data: Convertible, options: ConvertOptions, warnings: Warnings): Promise<void> {
  const { to, out, simplify, set } = options;
  switch (to) {
    case 'coco-rle':
      return writeCocoFile(out, withRunLengths(data, warnings));
    case 'coco-poly':
      return writeCocoFile(out, withPolygons(data, simplify ?? 0, warnings));
    case 'coco':
      return writeCocoFile(out, asDataset(data));
    case 'results':
      return writeCocoFile(out, asResults(data));
    case 'csv':
      return writeDetectionCsv(out, data, warnings);
    case 'voc':
      return inFolder(out, (folder) => writeVoc(folder, asDataset(data), set ?? 'trainval', warnings));
    case 'masks':
      return inFolder(out, (folder) => {
        return withProgress((onImage) => writeLabelImages(folder, asDataset(data), warnings, onImage));
      });
  }
}

async function inFolder(path: string, fill: (folder: OutputFolder) => Promise<void>): Promise<void> {
  const folder = await OutputFolder.create(path);
  try {
    await fill(folder);
    await folder.commit();
  } finally {
    await folder.abort();
  }
}

type OnImage = (done: number, total: number, name: string) => void;

async function withProgress<T>(work: (onImage: OnImage) => Promise<T>): Promise<T> {
  let progress: Progress | undefined;
  try {
    return await work((_, total, name) => {
      progress ??= new Progress(total, 'images');
      progress.step(name);
    });
  } finally {
    progress?.end();
  }
}
