import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors';
import { quoteName } from '../io/text';
import { packageRoot } from '../node/package-root';
import { oneOf } from './fields';
import { checkConfig, stackLayers } from './layers';
import { nearest } from './nearest';
import { toModelConfig, type ModelConfig } from './schema';
import { parseYaml, readYamlFile, type ConfigSource, type YamlSource } from './yaml-file';

/** The key that names the file, or files, which a configuration builds on. */
const BASE_KEY = '_base_';
const EXTENSION = '.yaml';
const PARTS = '_base_';

export function configFolder(): string {
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
 * `_base_: other.yaml` (or a list of them), relative to the file, or the name of a shipped one or of a part of one
 * (`models/mask_rcnn_slim`), gives what the file leaves out: sections are merged key by key, lists are replaced, a later
 * base goes before an earlier one.
 *
 * @throws InputError with file, line, key and what was expected
 */
export function loadConfig(nameOrPath: string): ModelConfig {
  return toModelConfig(checkConfig(stackLayers(readSources(nameOrPath))));
}

/** A configuration and those that it builds on, most general first, unchecked. @throws InputError as `loadConfig` */
export function readSources(nameOrPath: string): ConfigSource[] {
  return collectSources(findConfig(nameOrPath, '.'), []);
}

/** @throws InputError as `loadConfig`; `origin` is what messages name as the file */
export function parseConfig(text: string, origin: string): ModelConfig {
  const source = parseYaml(text, origin);
  if (BASE_KEY in source.value) {
    throw new InputError(`${origin}: ${BASE_KEY} has no meaning here; write all keys out.`);
  }
  return toModelConfig(checkConfig(stackLayers([source])));
}

/** Names of the parts to build a configuration of, such as `models/mask_rcnn_slim`: bases, not whole configurations. */
export function shippedParts(): string[] {
  const folder = join(configFolder(), PARTS);
  const files = readdirSync(folder, { recursive: true }).map((file) => String(file).replaceAll('\\', '/'));
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
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
  if (shippedParts().includes(nameOrPath)) {
    return join(configFolder(), PARTS, `${nameOrPath}${EXTENSION}`);
  }
  if (nameOrPath === '') {
    throw new InputError(`the configuration has no name; give a path, or ${oneOf(shipped)}.`);
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
  const meant = nearest(nameOrPath.includes('/') ? nameOrPath.slice(0, 200) : name, [...shipped, ...shippedParts()]);
  throw new InputError(
    `${quoteName(path)}: there is no such configuration; give a path, or the name of a shipped one: ${oneOf(shipped)}` +
      `${meant === null ? '' : ` (the nearest is ${meant})`}.`,
  );
}

/** The file and those that it builds on, most general first. */
function collectSources(path: string, dependants: readonly string[]): ConfigSource[] {
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

function collectBase(source: YamlSource, base: string, chain: readonly string[]): ConfigSource[] {
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
