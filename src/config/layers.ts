import type { z } from 'zod';
import { InputError } from '../errors';
import { describeIssue } from './issues';
import { configSchema, type ConfigFile } from './schema';
import { isMapping, type ConfigSource, type Mapping } from './yaml-file';

/** Sources laid one over the other. */
export interface Layers {
  readonly value: Mapping;
  /** The source of the value at a path, or of the section or list that holds it; undefined for what is a default. */
  originOf(path: readonly PropertyKey[]): ConfigSource | undefined;
  /** Where the value at a path, or the nearest section around it, stands. */
  placeOf(path: readonly PropertyKey[]): string;
}

const keyOf = (path: readonly PropertyKey[]): string => JSON.stringify(path);

/**
 * Sections are merged key by key, all other values replaced. A section of another `type` replaces the one below: keys
 * of one optimizer have no meaning for another.
 * @param sources most general first, at least one
 */
export function stackLayers(sources: readonly ConfigSource[]): Layers {
  const origins = new Map<string, ConfigSource>();
  const record = (value: unknown, path: readonly string[], source: ConfigSource): void => {
    origins.set(keyOf(path), source);
    if (isMapping(value)) {
      Object.entries(value).forEach(([key, inner]) => record(inner, [...path, key], source));
    }
  };
  const forget = (value: unknown, path: readonly string[]): void => {
    origins.delete(keyOf(path));
    if (isMapping(value)) {
      Object.entries(value).forEach(([key, inner]) => forget(inner, [...path, key]));
    }
  };
  const overlay = (under: Mapping, over: Mapping, path: readonly string[], source: ConfigSource): Mapping => {
    const merged = new Map(Object.entries(under));
    for (const [key, value] of Object.entries(over)) {
      const [below, here] = [merged.get(key), [...path, key]];
      if (isMapping(below) && isMapping(value) && !isOfAnotherType(below, value)) {
        origins.set(keyOf(here), source);
        merged.set(key, overlay(below, value, here, source));
      } else {
        forget(below, here);
        record(value, here, source);
        merged.set(key, value);
      }
    }
    return Object.fromEntries(merged);
  };
  const value = sources.reduce<Mapping>((under, source) => overlay(under, source.value, [], source), {});
  const nearestOrigin = (path: readonly PropertyKey[]): ConfigSource => {
    for (let length = path.length; length > 0; length--) {
      const source = origins.get(keyOf(path.slice(0, length)));
      if (source !== undefined) {
        return source;
      }
    }
    return sources[sources.length - 1];
  };
  return {
    value,
    originOf: (path) => origins.get(keyOf(path)),
    placeOf(path) {
      const source = nearestOrigin(path);
      for (let length = path.length; length > 0; length--) {
        const place = source.placeOf(path.slice(0, length));
        if (place !== null) {
          return place;
        }
      }
      return source.file;
    },
  };
}

function isOfAnotherType(below: Mapping, over: Mapping): boolean {
  const [before, after] = [below.type, over.type];
  return typeof before === 'string' && typeof after === 'string' && before.toLowerCase() !== after.toLowerCase();
}

/** Every key, with its default where it is left out. @throws InputError naming place, key and what was expected */
export function checkConfig(layers: Layers): ConfigFile {
  const result = configSchema.safeParse(layers.value);
  if (!result.success) {
    throw new InputError(describeError(result.error, layers));
  }
  return result.data;
}

function describeError(error: z.ZodError, layers: Layers): string {
  // A misspelt key is often why another one is missing or does not fit.
  const issues = [
    ...error.issues.filter(({ code }) => code === 'unrecognized_keys'),
    ...error.issues.filter(({ code }) => code !== 'unrecognized_keys'),
  ];
  const { path, sentence } = describeIssue(issues[0], layers.value);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more to mend)` : '';
  return `${layers.placeOf(path)}: ${sentence}${more}.`;
}
