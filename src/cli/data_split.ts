import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { AtomicFile } from '../data/atomic';
import { readJsonFile } from '../data/json_file';
import { splitDataset, type Grouping, type SplitPart } from '../data/split_dataset';
import { Warnings } from '../data/warnings';
import { InputError } from '../errors';
import { wholeNumber } from './number-option';
import { printWarnings } from './print-warnings';

interface SplitOptions {
  readonly out: string;
  readonly parts: SplitPart[];
  readonly seed: number;
  readonly by: string;
  readonly prefixSeparator?: string;
  readonly prefixPattern?: RegExp;
}

/** `engine data split`: deals the images of an annotation file out to parts. */
export function registerDataSplit(data: Command): void {
  data
    .command('split')
    .description('deal the images of an annotation file out to files of their own (train, val, test)')
    .argument('<annotations>', 'annotation file (COCO)')
    .requiredOption('--out <folder>', 'where NAME.json of each part goes')
    .requiredOption('--parts <list>', 'names and shares of the images, e.g. train=0.8,val=0.1,test=0.1', parseParts)
    .option('--seed <number>', 'another seed, another split', wholeNumber('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .option('--by <what>', 'what stays together: image, or prefix (the images whose names begin alike)', 'image')
    .option('--prefix-separator <text>', 'with --by prefix: the prefix ends before the first of these (default "_")')
    .option(
      '--prefix-pattern <regex>',
      'with --by prefix: the prefix is what this regular expression matches (or its first group)',
      parsePattern,
    )
    .action(split);
}

async function split(path: string, options: SplitOptions): Promise<void> {
  const { out, parts, seed } = options;
  const grouping = groupingOf(options);
  const value = await readJsonFile(path, 'annotation file');
  const targets = parts.map(({ name }) => join(out, `${name}.json`));
  await refuseInput(path, targets);
  const warnings = new Warnings();
  const results = splitDataset(value, `annotation file ${path}`, parts, { grouping, seed }, warnings);
  await writeAll(targets.map((target, i) => [target, `${JSON.stringify(results[i].file)}\n`]));
  printWarnings(warnings);
  results.forEach(({ name, images, objects, groups }, i) => {
    const together = grouping.by === 'image' ? '' : ` in ${groups} ${groups === 1 ? 'group' : 'groups'}`;
    console.log(`${name}: ${images} images${together}, ${objects} objects: ${targets[i]}`);
  });
}

function parseParts(text: string): SplitPart[] {
  const parts = text.split(',').map((part) => {
    const [, name, share] = /^\s*([\w-]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (name === undefined || !(Number(share) > 0 && Number(share) <= 1)) {
      throw new InputError(
        `--parts ${text}: "${part.trim()}" is no part: give NAME=SHARE with a share above 0 and up to 1, e.g. val=0.1`,
      );
    }
    return { name, share: Number(share) };
  });
  const names = parts.map(({ name }) => name.toLowerCase());
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new InputError(`--parts ${text}: the name ${repeated} is there twice: each part needs a name of its own`);
  }
  const sum = parts.reduce((total, { share }) => total + share, 0);
  // thirds are written with a few digits
  if (Math.abs(sum - 1) > 0.011) {
    throw new InputError(`--parts ${text}: the shares add up to ${Number(sum.toFixed(4))}: they must add up to 1`);
  }
  return parts;
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new InputError(`--prefix-pattern ${text}: this is no regular expression: try one such as '^[^_]+'`);
  }
}

function groupingOf({ by, prefixSeparator, prefixPattern: pattern }: SplitOptions): Grouping {
  if (by !== 'image' && by !== 'prefix') {
    throw new InputError(`--by ${by}: give image or prefix`);
  }
  if (by === 'image') {
    if (prefixSeparator !== undefined || pattern !== undefined) {
      throw new InputError('--prefix-separator and --prefix-pattern go with --by prefix: add it');
    }
    return { by };
  }
  if (pattern !== undefined) {
    if (prefixSeparator !== undefined) {
      throw new InputError('give either --prefix-separator or --prefix-pattern');
    }
    return { by: 'pattern', pattern };
  }
  if (prefixSeparator === '') {
    throw new InputError('--prefix-separator is empty: give the text that ends the prefix, e.g. _');
  }
  return { by: 'separator', separator: prefixSeparator ?? '_' };
}

async function refuseInput(path: string, targets: readonly string[]): Promise<void> {
  const input = await realpath(path);
  for (const target of targets) {
    const real = await realpath(target).catch(() => resolve(target));
    if (real === input) {
      throw new InputError(`${target} is the file that is split: name another --out folder or part`);
    }
  }
}

/** All files or, where one cannot be written, none. */
async function writeAll(contents: readonly (readonly [path: string, text: string])[]): Promise<void> {
  const files: AtomicFile[] = [];
  try {
    for (const [path, text] of contents) {
      const file = await AtomicFile.create(path);
      files.push(file);
      await file.write(text);
      await file.close();
    }
    for (const file of files) {
      await file.commit();
    }
  } catch (error) {
    await Promise.all(files.map((file) => file.abort()));
    throw error;
  }
}
