import { open, stat } from 'node:fs/promises';
import { InputError } from '../errors';
import { checkFinite } from './checkpoint';
import type { Checkpoint } from './checkpoint';
import { stripWrapperPrefix } from './names';
import { readPytorchLegacy, readPytorchZip } from './pytorch';
import { parseSafetensors } from './safetensors';

const largestFile = 4 * 1024 ** 3 - 1;
const wayOut = 'give a .safetensors file or a PyTorch .pth file';

/** What begins like this is something else than weights. `offset` is where the bytes stand. */
const otherFiles: readonly { what: string; magic: number[] | string; offset?: number }[] = [
  { what: 'a PNG image', magic: '\x89PNG' },
  { what: 'a JPEG image', magic: [0xff, 0xd8, 0xff] },
  { what: 'a TIFF image', magic: 'II*\0' },
  { what: 'a TIFF image', magic: 'MM\0*' },
  { what: 'a GIF image', magic: 'GIF8' },
  { what: 'a WebP image', magic: 'WEBP', offset: 8 },
  { what: 'an HDF5 file, as Keras writes it', magic: '\x89HDF' },
  { what: 'a NumPy array', magic: '\x93NUMPY' },
  { what: 'a GGUF file', magic: 'GGUF' },
  { what: 'a TensorFlow Lite model', magic: 'TFL3', offset: 4 },
  { what: 'a PDF document', magic: '%PDF' },
  { what: 'a gzip archive', magic: [0x1f, 0x8b] },
  { what: 'a Zstandard archive', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { what: 'a 7-Zip archive', magic: [0x37, 0x7a, 0xbc, 0xaf] },
  { what: 'a xz archive', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  {
    what: 'a tar archive (PyTorch wrote such before version 0.2: load it there and save it again)',
    magic: 'ustar',
    offset: 257,
  },
  { what: 'a Git LFS pointer, not the file itself (run git lfs pull)', magic: 'version https://git-lfs' },
];

function startsWith(bytes: Uint8Array, magic: number[] | string, offset = 0): boolean {
  const wanted = typeof magic === 'string' ? [...magic].map((c) => c.charCodeAt(0)) : magic;
  return bytes.length >= offset + wanted.length && wanted.every((byte, i) => bytes[offset + i] === byte);
}

function isText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4096).every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** What the file is, when it is no form of weights that is read. */
function describeOther(bytes: Uint8Array): string {
  const known = otherFiles.find(({ magic, offset }) => startsWith(bytes, magic, offset));
  if (known !== undefined) {
    return known.what;
  }
  // ONNX is a protobuf: field 1 (ir_version), a small number, then field 2 or 7 of the ModelProto.
  if (bytes[0] === 0x08 && bytes[1] < 0x20 && (bytes[2] === 0x12 || bytes[2] === 0x3a)) {
    return 'an ONNX model';
  }
  if (isText(bytes)) {
    const head = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart().toLowerCase();
    return head.startsWith('<!doctype') || head.startsWith('<html') ? 'a web page' : 'a text file';
  }
  return 'neither safetensors nor a PyTorch checkpoint';
}

function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}

function unreadable(path: string, error: unknown): InputError {
  const code = isNodeError(error) ? error.code : undefined;
  const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `it cannot be read (${code})`;
  return new InputError(`${path}: ${why}; ${wayOut}.`);
}

async function readWhole(path: string): Promise<Uint8Array> {
  // Before it is opened: opening a named pipe waits for a writer.
  const status = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (status.isDirectory()) {
    throw new InputError(`${path}: it is a folder; ${wayOut}.`);
  }
  if (!status.isFile()) {
    throw new InputError(`${path}: it is not a regular file; ${wayOut}.`);
  }
  if (status.size === 0) {
    throw new InputError(`${path}: it is empty; ${wayOut}.`);
  }
  if (status.size > largestFile) {
    throw new InputError(`${path}: it is larger than 4 GiB, more than is read; ${wayOut} of the weights alone.`);
  }
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const bytes = new Uint8Array(status.size);
    let filled = 0;
    while (filled < bytes.length) {
      // A single read of over 2 GiB fails on some systems.
      const length = Math.min(bytes.length - filled, 1024 ** 3);
      const { bytesRead } = await file.read(bytes, filled, length, filled);
      if (bytesRead === 0) {
        throw new InputError(`${path}: it became shorter while it was read; try again when it is complete.`);
      }
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Reads weights from memory; see `loadCheckpoint`. */
export async function readCheckpoint(bytes: Uint8Array, file: string): Promise<Checkpoint> {
  const checkpoint = await parse(bytes, file);
  checkFinite(checkpoint);
  return { ...checkpoint, tensors: stripWrapperPrefix(checkpoint.tensors) };
}

async function parse(bytes: Uint8Array, file: string): Promise<Checkpoint> {
  if (startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')) {
    return readPytorchZip(bytes, file);
  }
  const hasHeader = bytes[8] === 0x7b && !isText(bytes);
  // The length of a safetensors header may begin with the bytes of a pickle; it ends with zeros, as no pickle does here.
  const hasLength = hasHeader && bytes.subarray(4, 8).every((byte) => byte === 0);
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && !hasLength) {
    return readPytorchLegacy(bytes, file);
  }
  if (hasHeader) {
    return parseSafetensors(bytes, file);
  }
  throw new InputError(`${file}: it is ${describeOther(bytes)}; ${wayOut}.`);
}

/**
 * Reads a file of weights: safetensors, or PyTorch in the zip form or the older stream form. The form is recognised
 * by content, not by name. All float values are checked to be finite.
 *
 * @throws InputError for whatever is wrong with the path or the file
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  return readCheckpoint(await readWhole(path), path);
}
