import { relative, resolve, sep } from 'node:path';
import { Document, isMap, isScalar, visit } from 'yaml';
import { configFolder, readSources } from './config-file';
import { valueAt } from './issues';
import { checkConfig, stackLayers, type Layers } from './layers';
import { toTrainConfig, type ConfigFile, type TrainConfig } from './schema';
import { addSettings } from './settings';
import type { ConfigSource } from './yaml-file';

export interface ResolvedConfig {
  /** Every key, in the program's terms. */
  readonly config: TrainConfig;
  /** Every key as a YAML file, with a comment at each value that is no default: where it comes from. It loads again. */
  readonly yaml: string;
  /** What files or settings state of classes and `withClasses` has put aside, in a sentence; null where nothing. */
  readonly remark: string | null;
  /**
   * The same with the classes of a dataset in place of those of the files: what the heads are made for.
   * @param classNames of the labels 1, 2, …
   * @param categoryIds the dataset's ids of the same labels
   * @param origin what the comments name as their source
   * @throws InputError for more classes than a model may have
   */
  withClasses(classNames: readonly string[], categoryIds: readonly number[], origin: string): ResolvedConfig;
}

/** Characters of a value in a remark. */
const LONGEST_SHOWN = 80;

/** Keys that name files and folders. */
const PATHS = [
  ['data', 'train', 'annotations'],
  ['data', 'train', 'images'],
  ['data', 'val', 'annotations'],
  ['data', 'val', 'images'],
  ['train', 'init'],
];

/**
 * A configuration with all that it builds on and what the command line sets over it. Paths in it become absolute: those
 * in a file are relative to that file's folder, those of settings to the working folder.
 *
 * @param nameOrPath as for `loadConfig`
 * @param settings `a.b.c=VALUE`, see `addSettings`
 * @throws InputError with file and line, or the setting, the key and what was expected
 */
export function resolveConfig(nameOrPath: string, settings: readonly string[] = []): ResolvedConfig {
  return resolveSources(addSettings(readSources(nameOrPath), settings), nameOrPath);
}

function resolveSources(sources: readonly ConfigSource[], name: string, remark: string | null = null): ResolvedConfig {
  const layers = stackLayers(sources);
  const file = withAbsolutePaths(checkConfig(layers), layers);
  return {
    config: toTrainConfig(file),
    yaml: writeYaml(file, layers, name),
    remark,
    withClasses(classNames, categoryIds, origin) {
      const model = { classes: classNames.length + 1, class_names: classNames, category_ids: categoryIds };
      const source = { file: origin, value: { model }, folder: resolve('.'), placeOf: () => origin };
      return resolveSources([...sources, source], name, overruledBy(model, layers, origin));
    },
  };
}

/** The first of a model's classes that a setting or a file of the user states otherwise. */
function overruledBy(classes: Readonly<Record<string, unknown>>, layers: Layers, origin: string): string | null {
  const stated = (key: string): unknown => valueAt(layers.value, ['model', key]) ?? undefined;
  const key = Object.keys(classes).find((name) => {
    const isShipped =
      layers
        .originOf(['model', name])
        ?.folder.concat(sep)
        .startsWith(configFolder() + sep) ?? true;
    return !isShipped && stated(name) !== undefined && JSON.stringify(stated(name)) !== JSON.stringify(classes[name]);
  });
  if (key === undefined) {
    return null;
  }
  const shown = (value: unknown): string => {
    const text = JSON.stringify(value);
    return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  };
  return (
    `${shortPlace(layers.placeOf(['model', key]))}: model.${key} is ${shown(stated(key))} and is put aside: ` +
    `${origin} count (${shown(classes[key])})`
  );
}

function withAbsolutePaths(file: ConfigFile, layers: Layers): ConfigFile {
  const copy = structuredClone(file);
  for (const path of PATHS) {
    const [section, key] = [path.slice(0, -1), path[path.length - 1]];
    const stated = valueAt(file, path);
    const folder = layers.originOf(path)?.folder;
    if (typeof stated === 'string' && folder !== undefined) {
      (valueAt(copy, section) as Record<string, unknown>)[key] = resolve(folder, stated);
    }
  }
  return copy;
}

const LINE_WIDTH = 120;

function writeYaml(file: ConfigFile, layers: Layers, name: string): string {
  const document = new Document(file);
  document.commentBefore = ` ${name}, resolved: every key of it. Values without a comment are defaults.`;
  visit(document, {
    Pair(_, pair, ancestors) {
      const path = ancestors.flatMap((ancestor) => keyOf(ancestor)).concat(keyOf(pair));
      if (isMap(pair.value)) {
        return;
      }
      const origin = layers.originOf(path);
      if (isScalar(pair.value) && origin !== undefined) {
        pair.value.comment = ` ${shortPlace(layers.placeOf(path))}`;
      } else if (origin !== undefined && isScalar(pair.key)) {
        pair.key.commentBefore = ` ${shortPlace(layers.placeOf(path))}`;
      }
    },
    Seq(_, sequence) {
      sequence.flow = true;
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH });
}

function keyOf(node: unknown): string[] {
  const key = typeof node === 'object' && node !== null && 'key' in node ? node.key : undefined;
  return isScalar(key) ? [String(key.value)] : [];
}

/** Without line breaks, which would end a comment, and relative to the working folder. */
function shortPlace(place: string): string {
  const plain = place.replace(/[\r\n]+/g, ' ');
  return plain.startsWith('/') ? relative('.', plain) : plain;
}
