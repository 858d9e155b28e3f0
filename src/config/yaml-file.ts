import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isSeq, LineCounter, parseAllDocuments, type Document, type ParsedNode } from 'yaml';
import { InputError } from '../errors';

/** Sections and keys, still unchecked. */
export type Mapping = Record<string, unknown>;

/** A part of a configuration: a file, or what the command line sets. */
export interface ConfigSource {
  /** As messages name it. */
  readonly file: string;
  readonly value: Mapping;
  /** What paths among the values are relative to. */
  readonly folder: string;
  /** Where the key or list item at a path stands, as messages name it; null where the source does not have it. */
  readonly placeOf: (path: readonly PropertyKey[]) => string | null;
}

/** One YAML file (or a text of another origin), parsed. */
export interface YamlSource extends ConfigSource {
  /** Line of the key or list item at a path, from 1; null where the source does not have it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
}

const MAX_BYTES = 1 << 20;
/** How often all aliases of a file together may repeat what they stand for. */
const MAX_ALIASES = 100;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a configuration file.
 * @throws InputError where it is missing, not a file, larger than 1 MiB, not UTF-8, or not one YAML mapping
 */
export function readYamlFile(path: string): YamlSource {
  return parseYaml(readText(path), path);
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      throw new InputError(`${path}: this is a folder; name a YAML file for --config.`);
    }
    if (!stats.isFile()) {
      throw new InputError(`${path}: this is not an ordinary file; name a YAML file for --config.`);
    }
    if (stats.size > MAX_BYTES) {
      throw new InputError(
        `${path}: a configuration has at most 1 MiB, this file has ${(stats.size / MAX_BYTES).toFixed(1)} MiB; is it ` +
          'another file?',
      );
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) {
      throw error;
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const denied = code === 'EACCES' || code === 'EPERM';
    const what = denied ? 'may not be read; check its permissions' : `cannot be read (${code}); check the path`;
    throw new InputError(`${path}: the configuration ${what}.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path}: this is not text in UTF-8; give a configuration in YAML.`);
  }
}

/** @throws InputError where the text is not one YAML mapping */
export function parseYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, file, lines);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new InputError(
      error instanceof ReferenceError && error.message.startsWith('Excessive alias count')
        ? `${file}: its aliases (*name) repeat too much; write the values out.`
        : `${file}: its aliases (*name) or nesting cannot be resolved; write the values out.`,
    );
  }
  if (document.contents === null || value === null) {
    throw new InputError(`${file}: the configuration is empty; copy a shipped one, such as mask_rcnn_slim.yaml.`);
  }
  if (!isMapping(value)) {
    const found = Array.isArray(value) ? 'a list' : 'a single value';
    throw new InputError(`${file}: a configuration begins with "model:", this file is ${found}; is it another file?`);
  }
  if (holdsItself(value, [])) {
    throw new InputError(`${file}: an alias (*name) stands inside what it names; write the values out.`);
  }
  const lineOfKey = (path: readonly PropertyKey[]): number | null => lineOf(document, path, lines);
  return {
    file,
    value,
    folder: dirname(resolve(file)),
    lineOf: lineOfKey,
    placeOf(path) {
      const line = lineOfKey(path);
      return line === null ? null : `${file}, line ${line}`;
    },
  };
}

function parseDocument(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  const documents: Document.Parsed[] = [...parseAllDocuments(text, { lineCounter, prettyErrors: false })];
  const problem = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]).at(0);
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    // The parser reports the exhaustion of its stack like any other problem.
    const tooDeep = problem.message.includes('call stack');
    const what = tooDeep ? 'nested too deeply' : problem.message.split('\n')[0].replace(/[.:]$/, '');
    throw new InputError(
      `${file}, line ${line}, column ${col}: this cannot be read as YAML (${what}); mend that line.`,
    );
  }
  if (documents.length > 1) {
    const { line } = lineCounter.linePos(documents[1].range[0]);
    throw new InputError(
      `${file}, line ${line}: a second YAML document begins here ("---"); give one configuration per file.`,
    );
  }
  if (documents.length === 0) {
    throw new InputError(`${file}: the configuration is empty; copy a shipped one, such as mask_rcnn_slim.yaml.`);
  }
  return documents[0];
}

function holdsItself(value: unknown, ancestors: readonly unknown[]): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  return ancestors.includes(value) || Object.values(value).some((inner) => holdsItself(inner, [...ancestors, value]));
}

function lineOf(document: Document.Parsed, path: readonly PropertyKey[], lines: LineCounter): number | null {
  let node: unknown = document.contents;
  let place: ParsedNode | null = document.contents;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step));
      if (pair === undefined) {
        return null;
      }
      place = pair.key as ParsedNode;
      node = pair.value;
    } else if (isSeq(node)) {
      place = (node.items[Number(step)] ?? null) as ParsedNode | null;
      node = place;
    } else {
      return null;
    }
  }
  return place === null ? null : lines.linePos(place.range[0]).line;
}
