import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { InputError } from '../errors';
import { quoteName } from '../io/text';
import { packageRoot } from '../node/package-root';
import { describeIssue } from './issues';
import { nearest } from './nearest';
import { configSchema, toModelConfig, type ModelConfig } from './schema';
import { isMapping, parseYaml, readYamlFile, type Mapping, type YamlSource } from './yaml-file';

/** The key that names the file, or files, which a configuration builds on. */
const BASE_KEY = '_base_';
const EXTENSION = '.yaml';

function configFolder(): string {
  return join(packageRoot(), 'configs');
}

/** Names of the configurations that come with this package. */
export function shippedConfigs(): string[] {
  const files = readdirSync(configFolder()).filter((file) => file.endsWith(EXTENSION));
  return files.map((file) => basename(file, EXTENSION)).sort();
}

/**
 * Loads a configuration: a path of a YAML file, or the name of a shipped one (`mask_rcnn_slim`), from any folder.
 *
 * `_base_: other.yaml` (or a list of them), relative to the file, or the name of a shipped one, gives what the file
 * leaves out: sections are merged key by key, lists are replaced, a later base goes before an earlier one.
 *
 * @throws InputError with file, line, key and what was expected
 */
export function loadConfig(nameOrPath: string): ModelConfig {
  return checkConfig(collectSources(findConfig(nameOrPath, '.'), []));
}

/** @throws InputError as `loadConfig`; `origin` is what messages name as the file */
export function parseConfig(text: string, origin: string): ModelConfig {
  const source = parseYaml(text, origin);
  if (BASE_KEY in source.value) {
    throw new InputError(`${origin}: ${BASE_KEY} has no meaning here; write all keys out.`);
  }
  return checkConfig([source]);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function findConfig(nameOrPath: string, folder: string): string {
  const shipped = shippedConfigs();
  if (shipped.includes(nameOrPath)) {
    return join(configFolder(), `${nameOrPath}${EXTENSION}`);
  }
  if (nameOrPath === '') {
    throw new InputError(`the configuration has no name; give a path, or ${orList(shipped)}.`);
  }
  const path = folder === '.' ? nameOrPath : resolve(folder, nameOrPath);
  if (isFile(path)) {
    return path;
  }
  const name = basename(nameOrPath, EXTENSION);
  if (nameOrPath === `${name}${EXTENSION}` && shipped.includes(name)) {
    return join(configFolder(), nameOrPath);
  }
  // Exists and is no file: reading it says what it is.
  if (existsSync(path)) {
    return path;
  }
  const meant = nearest(name, shipped);
  throw new InputError(
    `${quoteName(path)}: there is no such configuration; give a path, or the name of a shipped one: ${orList(shipped)}` +
      `${meant === null ? '' : ` (the nearest is ${meant})`}.`,
  );
}

function orList(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items[items.length - 1]}`;
}

/** The file and those that it builds on, most general first. */
function collectSources(path: string, dependants: readonly string[]): YamlSource[] {
  const absolute = resolve(path);
  const chain = [...dependants, absolute];
  if (dependants.includes(absolute)) {
    const names = chain.slice(dependants.indexOf(absolute)).map((file) => basename(file));
    throw new InputError(`${path}: ${BASE_KEY} leads back to the file itself (${names.join(' → ')}); cut the circle.`);
  }
  const source = readYamlFile(path);
  const { [BASE_KEY]: named, ...value } = source.value;
  return [...baseNames(source, named).flatMap((base) => collectBase(source, base, chain)), { ...source, value }];
}

function baseNames({ file, lineOf }: YamlSource, named: unknown): string[] {
  const names: unknown[] = Array.isArray(named) ? named : named === undefined ? [] : [named];
  return names.map((name) => {
    if (typeof name !== 'string') {
      throw new InputError(`${file}, line ${lineOf([BASE_KEY])}: ${BASE_KEY} must be a file name or a list of them.`);
    }
    return name;
  });
}

/** More files than this are a mistake: two that each name two, and so on, would never end. */
const MAX_DEPTH = 8;

function collectBase(source: YamlSource, base: string, chain: readonly string[]): YamlSource[] {
  const place = `${source.file}, line ${source.lineOf([BASE_KEY])}: ${BASE_KEY} ${quoteName(base)}`;
  if (chain.length > MAX_DEPTH) {
    throw new InputError(`${place} is the base of more than ${MAX_DEPTH} files one upon another; use fewer.`);
  }
  let path: string;
  try {
    path = findConfig(base, dirname(resolve(source.file)));
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${place}: ${error.message}`) : error;
  }
  return collectSources(path, chain);
}

function merge(under: Mapping, over: Mapping): Mapping {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isMapping(below) && isMapping(value) ? merge(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function checkConfig(sources: readonly YamlSource[]): ModelConfig {
  const merged = sources.map(({ value }) => value).reduce(merge);
  const result = configSchema.safeParse(merged);
  if (!result.success) {
    throw new InputError(describeError(result.error, merged, sources));
  }
  return toModelConfig(result.data);
}

function describeError(error: z.ZodError, merged: Mapping, sources: readonly YamlSource[]): string {
  // A misspelt key is often why another one is missing or does not fit.
  const issues = [
    ...error.issues.filter(({ code }) => code === 'unrecognized_keys'),
    ...error.issues.filter(({ code }) => code !== 'unrecognized_keys'),
  ];
  const { path, sentence } = describeIssue(issues[0], merged);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more to mend)` : '';
  return `${locate(sources, path)}: ${sentence}${more}.`;
}

/** The file and line that gave a key: the most special source that has the longest part of its path. */
function locate(sources: readonly YamlSource[], path: readonly PropertyKey[]): string {
  for (let length = path.length; length > 0; length--) {
    for (const { file, lineOf } of [...sources].reverse()) {
      const line = lineOf(path.slice(0, length));
      if (line !== null) {
        return `${file}, line ${line}`;
      }
    }
  }
  return sources[sources.length - 1].file;
}
