import { InputError } from '../errors';
import type { Checkpoint, HostTensor } from './checkpoint';
import { decodeElements, elementSize, halfBits, isElementKind } from './elements';
import type { ElementKind } from './elements';
import { formatShape, quoteName } from './text';

// The limit of the format's reference implementation.
const longestHeader = 100_000_000;
const metadataKey = '__metadata__';
const again = 'the file is damaged or cut short, so download or save it again';
const byWriter = 'the file is damaged or was written wrongly, so save it again with the safetensors library';

interface Entry {
  name: string;
  kind: ElementKind;
  shape: number[];
  begin: number;
  end: number;
}

/** JSON.parse keeps the last of equal keys and says nothing; this walks valid JSON and refuses such objects. */
function checkKeys(json: string, file: string): void {
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{') {
      open.push(new Set());
    } else if (c === '[') {
      open.push(null);
    } else if (c === '}' || c === ']') {
      open.pop();
    } else if (c === '"') {
      const start = i;
      for (i++; json[i] !== '"'; i++) {
        if (json[i] === '\\') {
          i++;
        }
      }
      let next = i + 1;
      while (json[next] === ' ' || json[next] === '\n' || json[next] === '\r' || json[next] === '\t') {
        next++;
      }
      if (json[next] !== ':') {
        continue;
      }
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      if (key === '__proto__') {
        throw new InputError(
          `${file}: the safetensors header has the key "__proto__", which no weights need; ${byWriter}.`,
        );
      }
      const keys = open.at(-1)!;
      if (keys.has(key)) {
        throw new InputError(`${file}: the safetensors header names ${quoteName(key)} twice; ${byWriter}.`);
      }
      keys.add(key);
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Length of the JSON header, once it is known to lie in the file. */
function headerLength(bytes: Uint8Array, file: string): number {
  if (bytes.length < 8) {
    throw new InputError(`${file}: ${bytes.length} bytes are too few for a safetensors file; ${again}.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    throw new InputError(
      `${file}: the safetensors header says it is ${length} bytes long, but only ${bytes.length - 8} follow; ${again}.`,
    );
  }
  if (length > BigInt(longestHeader)) {
    throw new InputError(
      `${file}: the safetensors header of ${length} bytes is over the format's limit of ${longestHeader}; ${byWriter}.`,
    );
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw new InputError(`${file}: the safetensors header is not JSON; ${again}.`);
  }
  if (!isObject(header)) {
    throw new InputError(`${file}: the safetensors header is not a JSON object; ${byWriter}.`);
  }
  checkKeys(text, file);
  return header;
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  if (!isObject(value)) {
    throw new InputError(`${file}: ${metadataKey} of the safetensors header is not an object; ${byWriter}.`);
  }
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new InputError(
        `${file}: ${metadataKey}.${quoteName(key)} of the safetensors header is not a string; ${byWriter}.`,
      );
    }
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataLength: number, file: string): Entry {
  const where = `${file}: tensor ${quoteName(name)}`;
  if (!isObject(value)) {
    throw new InputError(`${where} is not described by an object in the safetensors header; ${byWriter}.`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') {
    throw new InputError(`${where} has no "dtype" in the safetensors header; ${byWriter}.`);
  }
  if (!isElementKind(dtype)) {
    throw new InputError(
      `${where} has the dtype ${quoteName(dtype)}, which is not read; convert the weights to F32, F16 or BF16.`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new InputError(`${where} has a "shape" that is not a list of whole numbers from 0 up; ${byWriter}.`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw new InputError(`${where} has "data_offsets" that are not two whole numbers from 0 up; ${byWriter}.`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) {
    throw new InputError(`${where} has "data_offsets" that end (${end}) before they begin (${begin}); ${byWriter}.`);
  }
  if (end > dataLength) {
    throw new InputError(
      `${where} has "data_offsets" up to byte ${end}, but the file holds only ${dataLength} bytes of data; ${again}.`,
    );
  }
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) {
      throw new InputError(`${where} has a "shape" ${formatShape(shape)} too large to count; ${byWriter}.`);
    }
  }
  if (count * elementSize[dtype] !== end - begin) {
    throw new InputError(
      `${where} of shape ${formatShape(shape)} and dtype ${dtype} needs ${count * elementSize[dtype]} bytes, ` +
        `but its "data_offsets" span ${end - begin}; ${byWriter}.`,
    );
  }
  return { name, kind: dtype, shape, begin, end };
}

/** The format wants the data covered exactly once: no overlap, no hole, nothing left over. */
function checkCover(entries: readonly Entry[], dataLength: number, file: string): void {
  const ordered = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [i, entry] of ordered.entries()) {
    if (entry.begin < covered) {
      throw new InputError(
        `${file}: the "data_offsets" of tensor ${quoteName(entry.name)} overlap those of ` +
          `${quoteName(ordered[i - 1].name)}; ${byWriter}.`,
      );
    }
    if (entry.begin > covered) {
      throw new InputError(
        `${file}: the "data_offsets" leave a hole of ${entry.begin - covered} bytes before tensor ` +
          `${quoteName(entry.name)}; ${byWriter}.`,
      );
    }
    covered = entry.end;
  }
  if (covered !== dataLength) {
    throw new InputError(
      `${file}: ${dataLength - covered} bytes at the end belong to no tensor of the safetensors header; ${byWriter}.`,
    );
  }
}

/**
 * Reads a safetensors file (https://github.com/huggingface/safetensors, "Format").
 *
 * Float kinds (F32, F16, BF16, F64) become f32; I64, I32, I16, I8, U32, U16, U8 and BOOL are read as integers. The
 * tensors own their memory. Values are not looked at: see `checkFinite`.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws InputError for whatever is wrong with the file, naming the tensor and field
 */
export function parseSafetensors(bytes: Uint8Array, file: string): Checkpoint {
  const length = headerLength(bytes, file);
  const header = parseHeader(bytes.subarray(8, 8 + length), file);
  const data = bytes.subarray(8 + length);
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) {
      metadata = parseMetadata(value, file);
    } else {
      entries.push(parseEntry(name, value, data.length, file));
    }
  }
  checkCover(entries, data.length, file);
  const tensors = new Map<string, HostTensor>();
  for (const { name, kind, shape, begin, end } of entries) {
    tensors.set(name, decodeElements(kind, data.subarray(begin, end), shape));
  }
  return { file, format: 'safetensors', tensors, metadata };
}

const kindOfDtype: Readonly<Record<HostTensor['dtype'], ElementKind>> = {
  f32: 'F32',
  i64: 'I64',
  i32: 'I32',
  u8: 'U8',
};

/**
 * Writes a safetensors file: f32 as F32, i64 as I64, i32 as I32, u8 as U8. Wider elements come first, so that every
 * tensor is aligned to its element; otherwise the order of `tensors` is kept.
 *
 * @param metadata goes into `__metadata__` when it has entries
 * @param half writes f32 as F16, the nearest numbers: half the bytes, for weights to give away
 * @throws Error where a tensor's data do not fill its shape, or a name is reserved by the format
 */
export function writeSafetensors(
  tensors: Map<string, HostTensor>,
  metadata: Record<string, string> = {},
  half = false,
): Uint8Array {
  const kindOf = ({ dtype }: HostTensor): ElementKind => (half && dtype === 'f32' ? 'F16' : kindOfDtype[dtype]);
  const ordered = [...tensors].sort(([, a], [, b]) => elementSize[kindOf(b)] - elementSize[kindOf(a)]);
  const fields: string[] = [];
  const metadataEntries = Object.entries(metadata);
  if (metadataEntries.some(([key]) => key === '__proto__')) {
    throw new Error('writeSafetensors: metadata may not have the key "__proto__"');
  }
  if (metadataEntries.length > 0) {
    fields.push(`${JSON.stringify(metadataKey)}:${JSON.stringify(metadata)}`);
  }
  let dataLength = 0;
  for (const [name, tensor] of ordered) {
    const { shape, data } = tensor;
    const kind = kindOf(tensor);
    if (name === metadataKey || name === '__proto__') {
      throw new Error(`writeSafetensors: a tensor may not be called ${name}`);
    }
    if (shape.reduce((product, size) => product * size, 1) !== data.length) {
      throw new Error(`writeSafetensors: ${name} has ${data.length} elements, its shape is ${formatShape(shape)}`);
    }
    const end = dataLength + data.length * elementSize[kind];
    const entry = JSON.stringify({ dtype: kind, shape, data_offsets: [dataLength, end] });
    fields.push(`${JSON.stringify(name)}:${entry}`);
    dataLength = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerSize = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerSize + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerSize), true);
  file.fill(0x20, 8, 8 + headerSize);
  file.set(json, 8);
  let position = 8 + headerSize;
  for (const [, tensor] of ordered) {
    const data = half && tensor.dtype === 'f32' ? Uint16Array.from(tensor.data, halfBits) : tensor.data;
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}
