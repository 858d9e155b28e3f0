/** Builders of hostile files: pickle opcodes, zip archives and safetensors made by hand. */
import { crc32, deflateRawSync } from 'node:zlib';

/** Joins strings (one byte a character), byte lists and bytes. */
export function bytes(...parts: (string | number[] | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
}

export function le(value: number | bigint, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let rest = BigInt(value);
  for (let i = 0; i < size; i++) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

/** BINUNICODE. */
export function str(text: string): Uint8Array {
  const utf8 = Buffer.from(text);
  return bytes('X', le(utf8.length, 4), utf8);
}

/** LONG1 of 8 bytes. */
export function int(value: number | bigint): Uint8Array {
  return bytes([0x8a, 8], le(BigInt.asUintN(64, BigInt(value)), 8));
}

export function tuple(...items: Uint8Array[]): Uint8Array {
  return bytes('(', ...items, 't');
}

export function storageId(key: string, numel: number | bigint, type = 'FloatStorage'): Uint8Array {
  return bytes(tuple(str('storage'), bytes(`ctorch\n${type}\n`), str(key), str('cpu'), int(numel)), 'Q');
}

interface TensorParts {
  storage?: Uint8Array;
  offset?: number | bigint;
  size?: (number | bigint)[];
  stride?: (number | bigint)[];
}

export function tensor({
  storage = storageId('0', 6),
  offset = 0,
  size = [2, 3],
  stride = [3, 1],
}: TensorParts = {}): Uint8Array {
  const args = tuple(
    storage,
    int(offset),
    tuple(...size.map(int)),
    tuple(...stride.map(int)),
    bytes([0x89]),
    bytes('}'),
  );
  return bytes('ctorch._utils\n_rebuild_tensor_v2\n', args, 'R');
}

/** A whole pickle of a dict with these items. */
export function dictPickle(items: [string, Uint8Array][]): Uint8Array {
  return bytes([0x80, 2], '}(', ...items.flatMap(([key, value]) => [str(key), value]), 'u.');
}

export interface ZipEntry {
  name: string;
  data: Uint8Array;
  /** Compress with deflate. */
  deflate?: boolean;
  /** Lies in the headers. */
  size?: number;
  crc?: number;
  /** Points the central directory at the local header of an earlier entry. */
  sameAs?: number;
}

export function zip(entries: ZipEntry[]): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  const offsets: number[] = [];
  let position = 0;
  for (const { name, data, deflate = false, size = data.length, crc = crc32(data), sameAs } of entries) {
    const content = deflate ? deflateRawSync(data) : data;
    const stored = deflate ? content.length : size;
    const fields = bytes(
      le(0, 2),
      le(deflate ? 8 : 0, 2),
      le(0, 4),
      le(crc, 4),
      le(stored, 4),
      le(size, 4),
      le(name.length, 2),
      le(0, 2),
    );
    const offset = sameAs === undefined ? position : offsets[sameAs];
    offsets.push(offset);
    if (sameAs === undefined) {
      const record = bytes('PK\x03\x04', le(20, 2), fields, name, content);
      local.push(record);
      position += record.length;
    }
    central.push(
      bytes('PK\x01\x02', le(20, 2), le(20, 2), fields, le(0, 2), le(0, 2), le(0, 2), le(0, 4), le(offset, 4), name),
    );
  }
  const directory = bytes(...central);
  const count = le(entries.length, 2);
  const end = bytes('PK\x05\x06', le(0, 2), le(0, 2), count, count, le(directory.length, 4), le(position, 4), le(0, 2));
  return bytes(...local, directory, end);
}

export const sixFloats = new Uint8Array(new Float32Array([0, 1, 2, 3, 4, 5]).buffer);

/** A checkpoint of the zip form around a pickle. */
export function zipCheckpoint(
  pickle: Uint8Array,
  more: ZipEntry[] = [{ name: 'a/data/0', data: sixFloats }],
): Uint8Array {
  return zip([{ name: 'a/data.pkl', data: pickle }, ...more]);
}

export const legacyMagic = bytes(
  [0x80, 2, 0x8a, 10],
  [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  '.',
);

/** The start of the older stream form: magic number, protocol, machine. */
export const legacyHead = bytes(
  legacyMagic,
  [0x80, 2],
  'M',
  le(1001, 2),
  '.',
  [0x80, 2],
  '}',
  str('little_endian'),
  [0x88],
  's.',
);

/** A safetensors file of any header. */
export function safetensors(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = typeof header === 'string' ? Buffer.from(header) : Buffer.from(JSON.stringify(header));
  return bytes(le(json.length, 8), json, data);
}
