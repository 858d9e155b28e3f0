import type { z } from 'zod';
import { quoteName } from '../io/text';
import { keysAt, sectionsOfKeys } from './key_tree';
import { nearest } from './nearest';
import { configSchema } from './schema';

/** A complaint about a configuration. */
export interface DescribedIssue {
  /** The key it is about. */
  readonly path: readonly PropertyKey[];
  /** Without the file, the line and the full stop. */
  readonly sentence: string;
}

/** Puts into words what zod has found in `config`. */
export function describeIssue(issue: z.core.$ZodIssue, config: unknown): DescribedIssue {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0];
    return { path: [...issue.path, key], sentence: describeUnknownKey(key, issue.path, config) };
  }
  const { path } = issue;
  const name = formatPath(path);
  const found = valueAt(config, path);
  if (issue.code === 'custom' && issue.params?.afterKey === true) {
    return { path, sentence: `${name}${found === undefined ? ' (the default)' : ''} ${issue.message}` };
  }
  if (found === undefined) {
    return { path, sentence: `${name} is missing; it must be ${issue.message}` };
  }
  return { path, sentence: `${name} must be ${issue.message}, not ${formatValue(found)}` };
}

function describeUnknownKey(key: string, section: readonly PropertyKey[], config: unknown): string {
  const known = [...keysAt(configSchema, section, config), ...(section.length === 0 ? ['_base_'] : [])];
  const where = section.length > 0 ? `a key of ${formatPath(section)}` : 'a key of a configuration';
  return `${quoteName(key)} is not ${where}; ${hintForUnknownKey(key, known)}`;
}

function hintForUnknownKey(key: string, known: readonly string[]): string {
  const everywhere = sectionsOfKeys(configSchema);
  const meant = everywhere.has(key) ? key : (nearest(key, known) ?? nearest(key, [...everywhere.keys()]));
  if (meant === null) {
    return `known are ${known.join(', ')}`;
  }
  if (known.includes(meant)) {
    return `the nearest one is ${meant}`;
  }
  const sections = (everywhere.get(meant) ?? []).join(' or ');
  return meant === key ? `it belongs under ${sections}` : `the nearest one is ${meant}, under ${sections}`;
}

export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    return inside ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  }, tree);
}

/** `model.anchors.sizes[0]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text === '' ? 'the configuration' : text.replace(/^\./, '');
}

function formatValue(value: unknown): string {
  if (value === null) {
    return 'empty';
  }
  if (typeof value === 'string') {
    return `the text ${quoteName(value)}`;
  }
  if (typeof value === 'object' && !Array.isArray(value)) {
    return 'a section with keys';
  }
  // JSON has no infinity and no NaN.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
