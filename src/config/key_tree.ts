import { z } from 'zod';
import { isMapping } from './yaml-file';

/*
 * The keys of a schema, for hints at misspelt ones: sections that may be empty and the items of lists included, which a
 * tree of default values would not have.
 */

/** The section (or list, or value) itself, without what stands for a missing or empty one; `value` chooses among kinds. */
function bare(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable) {
    return bare(schema.def.innerType, value);
  }
  if (schema instanceof z.ZodPipe) {
    return bare(schema.def.out, value);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const type = isMapping(value) ? value[schema.def.discriminator] : undefined;
    const options = schema.def.options.map((option) => bare(option, value));
    return options.find((option) => kindOf(option) === type) ?? options[0];
  }
  return schema;
}

function kindOf(section: z.core.$ZodType): unknown {
  const type = section instanceof z.ZodObject ? (section.shape as z.core.$ZodShape).type : undefined;
  return type instanceof z.ZodLiteral ? type.value : undefined;
}

function shapeOf(schema: z.core.$ZodType): z.core.$ZodShape {
  return schema instanceof z.ZodObject ? schema.shape : {};
}

/** Keys of the section at a path; those of its kind, where it has kinds and `config` says which. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[], config: unknown): string[] {
  const here = bare(schema, config);
  if (path.length === 0) {
    return Object.keys(shapeOf(here));
  }
  const [step, ...rest] = path;
  const inner =
    typeof config === 'object' && config !== null ? (config as Record<PropertyKey, unknown>)[step] : undefined;
  if (here instanceof z.ZodArray) {
    return keysAt(here.def.element, rest, inner);
  }
  const shape = shapeOf(here);
  return Object.hasOwn(shape, step) ? keysAt(shape[String(step)], rest, inner) : [];
}

/** Every key below the first level, with the paths of the sections that have it. */
export function sectionsOfKeys(schema: z.core.$ZodType, path: readonly string[] = []): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (key: string, sections: readonly string[]): void => {
    found.set(key, [...new Set([...(found.get(key) ?? []), ...sections])]);
  };
  for (const [name, inner] of Object.entries(shapeOf(bare(schema, undefined)))) {
    if (path.length > 0) {
      add(name, [path.join('.')]);
    }
    sectionsOfKeys(inner, [...path, name]).forEach((sections, key) => add(key, sections));
  }
  return found;
}
