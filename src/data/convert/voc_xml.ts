import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { InputError } from '../../errors';
import { isObject, type JsonObject } from '../json_fields';

/** What a PASCAL VOC annotation says of one image; numbers as the file has them. */
export interface VocImage {
  /** Empty where the file has none. */
  readonly fileName: string;
  /** Pixels; 0 where the file has none. */
  readonly width: number;
  readonly height: number;
  /** Channels of the image; undefined where the file has none. */
  readonly depth?: number;
  readonly segmented?: number;
  readonly objects: readonly VocObject[];
}

export interface VocObject {
  readonly name: string;
  /** Indices of the first and last column and row that the object covers, counted from 1, both included. */
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
  /** `pose`, `truncated`, `difficult` and `occluded`, where the file has them. */
  readonly flags: JsonObject;
  /** Parts of the object with boxes of their own (VOC's person layout). */
  readonly parts: number;
}

// Entities that a file declares are never expanded: that would let a small file fill the memory.
const parser = new XMLParser({
  processEntities: false,
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === 'object' || name === 'part',
});

const FLAGS = ['truncated', 'difficult', 'occluded'] as const;

/**
 * Reads the text of one annotation (VOC 2012 development kit, section 3.2).
 * @param path for messages
 * @throws InputError for text that is not XML (with line and column), another root element, a missing or wrong field
 */
export function parseVocXml(text: string, path: string): VocImage {
  const where = `VOC annotation ${path}`;
  const content = text.replace(/^\ufeff/, '');
  const validity = XMLValidator.validate(content);
  if (validity !== true) {
    const { line, col } = validity.err;
    const column = Number.isInteger(col) ? `, column ${col}` : '';
    throw new InputError(`${where} is not XML: error at line ${line}${column}; is it another file, or cut off?`);
  }
  const { annotation } = parse(content, where);
  if (!isObject(annotation)) {
    throw new InputError(`${where} has no element <annotation>: a PASCAL VOC annotation is needed`);
  }
  const size = isObject(annotation.size) ? annotation.size : {};
  const objects = Array.isArray(annotation.object) ? (annotation.object as unknown[]) : [];
  const optional = (holder: JsonObject, field: string, at: string) => {
    return holder[field] === undefined ? {} : { [field]: numberIn(holder, field, at) };
  };
  return {
    fileName: decodeEntities(textOf(annotation.filename)),
    width: size.width === undefined ? 0 : numberIn(size, 'width', `${where}: size`),
    height: size.height === undefined ? 0 : numberIn(size, 'height', `${where}: size`),
    ...optional(size, 'depth', `${where}: size`),
    ...optional(annotation, 'segmented', where),
    objects: objects.map((object, i) => readObject(object, `${where}: object ${i + 1}`)),
  };
}

function parse(content: string, where: string): JsonObject {
  try {
    return parser.parse(content) as JsonObject;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(`${where} cannot be read as XML (${why}): is it another file?`);
  }
}

function readObject(object: unknown, where: string): VocObject {
  const fields = isObject(object) ? object : {};
  const box = fields.bndbox;
  const name = decodeEntities(textOf(fields.name));
  if (name === '') {
    throw new InputError(`${where} has no <name>: the name of its class is needed`);
  }
  if (!isObject(box)) {
    throw new InputError(`${where} ("${name}") has no <bndbox>: PASCAL VOC holds boxes`);
  }
  const side = (field: string) => numberIn(box, field, `${where} ("${name}").bndbox`);
  const [xmin, ymin, xmax, ymax] = ['xmin', 'ymin', 'xmax', 'ymax'].map(side);
  if (xmax < xmin || ymax < ymin) {
    throw new InputError(
      `${where} ("${name}").bndbox ends before it begins (x ${xmin} to ${xmax}, y ${ymin} to ${ymax}): mend the file`,
    );
  }
  const pose = decodeEntities(textOf(fields.pose));
  const flags = FLAGS.filter((flag) => fields[flag] !== undefined).map((flag) => [flag, numberIn(fields, flag, where)]);
  return {
    ...{ name, xmin, ymin, xmax, ymax },
    flags: { ...(pose === '' ? {} : { pose }), ...(Object.fromEntries(flags) as JsonObject) },
    parts: Array.isArray(fields.part) ? fields.part.length : 0,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberIn(holder: JsonObject, field: string, where: string): number {
  const text = textOf(holder[field]);
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) {
    const found = text === '' ? 'missing' : JSON.stringify(text.slice(0, 40));
    throw new InputError(`${where}.${field} is ${found}: a number is needed`);
  }
  return value;
}

const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** The five entities of XML itself and characters by number; any other stays as it is. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi,
    (entity, decimal, hex, name: string | undefined) => {
      if (name !== undefined) {
        return NAMED.get(name) ?? entity;
      }
      const code = decimal === undefined ? parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : entity;
    },
  );
}

function encodeEntities(text: string): string {
  const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => codes[character]);
}

/** The text of one annotation; flags that an object lacks are "Unspecified" and 0, as VOC demands them. */
export function formatVocXml(image: VocImage, folder: string): string {
  const { fileName, width, height, depth, segmented, objects } = image;
  const lines = [
    '<annotation>',
    `  <folder>${encodeEntities(folder)}</folder>`,
    `  <filename>${encodeEntities(fileName)}</filename>`,
    `  <size><width>${width}</width><height>${height}</height><depth>${depth ?? 3}</depth></size>`,
    `  <segmented>${segmented ?? 0}</segmented>`,
    ...objects.flatMap(({ name, xmin, ymin, xmax, ymax, flags }) => {
      const all: JsonObject = { pose: 'Unspecified', truncated: 0, difficult: 0, ...flags };
      return [
        '  <object>',
        `    <name>${encodeEntities(name)}</name>`,
        ...Object.entries(all).map(([flag, value]) => `    <${flag}>${encodeEntities(String(value))}</${flag}>`),
        `    <bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox>`,
        '  </object>',
      ];
    }),
    '</annotation>',
  ];
  return `${lines.join('\n')}\n`;
}
