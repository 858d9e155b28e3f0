import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { InputError } from '../errors';
import { quoteName } from '../io/text';
import { formatPath, valueAt } from './issues';
import { stackLayers } from './layers';
import { configSchema } from './schema';
import { isMapping, type ConfigSource, type Mapping } from './yaml-file';

const LONGEST_SHOWN = 100;

/**
 * Lays what the command line sets (`a.b.c=VALUE`, one after the other) over a configuration. The value is YAML; `a.b[0]`
 * or `a.b.0` is the item of a list, and the number one past the last appends one. Paths are relative to the working folder.
 *
 * @returns the sources with one more for each setting
 * @throws InputError for a setting that cannot be read; whether key and value are right is checked later, with all others
 */
export function addSettings(sources: readonly ConfigSource[], settings: readonly string[]): ConfigSource[] {
  return settings.reduce<ConfigSource[]>((all, setting) => [...all, settingSource(setting, all)], [...sources]);
}

function settingSource(setting: string, below: readonly ConfigSource[]): ConfigSource {
  const shown = setting.length > LONGEST_SHOWN ? `${setting.slice(0, LONGEST_SHOWN)}…` : setting;
  const file = `--set ${shown.replace(/\p{Cc}/gu, ' ')}`;
  const equals = setting.indexOf('=');
  const steps = equals < 0 ? [] : pathSteps(setting.slice(0, equals));
  if (steps.length === 0) {
    throw new InputError(
      `${file}: write KEY=VALUE with the whole path of the key, such as optimizer.learning_rate=0.01.`,
    );
  }
  const value = parseValue(setting.slice(equals + 1), file);
  const current = stackLayers(below).value;
  return {
    file,
    value: overlayOf(steps, value, current, file),
    folder: resolve('.'),
    placeOf: () => file,
  };
}

/** `a.b[0].c` as its steps; none where it is malformed. */
function pathSteps(text: string): string[] {
  const steps = text
    .trim()
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.');
  return steps.every((step) => /^[^\s[\]]+$/.test(step)) ? steps : [];
}

function parseValue(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length + document.warnings.length > 0) {
    throw new InputError(
      `${file}: the value cannot be read as YAML; put quotes around a text with special characters.`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch {
    throw new InputError(`${file}: the value may not hold aliases; write it out.`);
  }
}

/** The mapping that holds nothing but the new value, a list around it as it is now with the one item changed. */
function overlayOf(steps: readonly string[], value: unknown, current: Mapping, file: string): Mapping {
  const nest = (rest: readonly string[], path: readonly string[]): unknown => {
    if (rest.length === 0) {
      return value;
    }
    const [step, ...further] = rest;
    const list = /^\d+$/.test(step) ? listAt(path, current, file) : null;
    if (list !== null) {
      return replaceItem(list, rest, value, [...path], file);
    }
    return Object.fromEntries([[step, nest(further, [...path, step])]]);
  };
  return nest(steps, []) as Mapping;
}

function listAt(path: readonly string[], current: Mapping, file: string): readonly unknown[] {
  const stated = valueAt(current, path);
  // what the files leave out is as the schema has it
  const found = stated === undefined ? valueAt(configSchema.safeParse(current).data, path) : stated;
  if (!Array.isArray(found)) {
    throw new InputError(`${file}: ${formatPath(path)} is no list, so it has no numbered items; set it as a whole.`);
  }
  return found as unknown[];
}

function replaceItem(inside: unknown, steps: readonly string[], value: unknown, path: string[], file: string): unknown {
  if (steps.length === 0) {
    return value;
  }
  const [step, ...rest] = steps;
  const here = [...path, step];
  if (Array.isArray(inside)) {
    const [items, index] = [inside as unknown[], Number(step)];
    if (!(index <= items.length)) {
      throw new InputError(
        `${file}: ${formatPath(path)} has ${items.length} items, counted from 0, and none at ${quoteName(step)}; set the list as a whole.`,
      );
    }
    return [...items.slice(0, index), replaceItem(items[index], rest, value, here, file), ...items.slice(index + 1)];
  }
  const section = isMapping(inside) ? inside : {};
  return Object.fromEntries([...Object.entries(section), [step, replaceItem(section[step], rest, value, here, file)]]);
}
