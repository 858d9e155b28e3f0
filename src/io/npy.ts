import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import { checkFinite, type Checkpoint, type HostTensor } from './checkpoint';
import { decodeElements, elementSize, type ElementKind } from './elements';
import { formatShape, quoteName } from './text';

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
const KINDS: Readonly<Record<string, ElementKind>> = {
  '<f2': 'F16',
  '<f4': 'F32',
  '<f8': 'F64',
  '<i4': 'I32',
  '<i8': 'I64',
  '|u1': 'U8',
};
const again = 'the file is damaged or cut short, so save it again with numpy.save';

/**
 * Reads a NumPy array (numpy.lib.format, versions 1 to 3): little-endian, row-major.
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws InputError for whatever is wrong with the file
 */
export function parseNpy(bytes: Uint8Array, file: string): HostTensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new InputError(`${file}: this is no NumPy array; ${again}.`);
  }
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (start + length > bytes.length) {
    throw new InputError(`${file}: its header of ${length} bytes is longer than the file; ${again}.`);
  }
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const field = (pattern: RegExp): string | undefined => pattern.exec(header)?.[1];
  const descr = field(/'descr':\s*'([^']{1,16})'/);
  const order = field(/'fortran_order':\s*(True|False)/);
  const sizes = field(/'shape':\s*\(([\d,\s]{0,200})\)/);
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw new InputError(`${file}: its header does not state type, order and shape of an array of numbers; ${again}.`);
  }
  if (!Object.hasOwn(KINDS, descr)) {
    throw new InputError(`${file}: arrays of the type ${quoteName(descr)} are not read; save it as float32.`);
  }
  if (order === 'True' && sizes.replace(/\D+$/, '').includes(',')) {
    throw new InputError(`${file}: the array is stored by columns; save numpy.ascontiguousarray of it.`);
  }
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const kind = KINDS[descr];
  const wanted = shape.reduce((product, size) => product * size, 1) * elementSize[kind];
  const data = bytes.subarray(start + length);
  if (wanted !== data.length) {
    throw new InputError(
      `${file}: an array of shape ${formatShape(shape)} needs ${wanted} bytes, and ${data.length} are there; ${again}.`,
    );
  }
  return decodeElements(kind, data, shape);
}

const EXTENSION = '.npy';

/**
 * Reads a folder with one NumPy array for each parameter: NAME.npy.
 * @throws InputError where the folder has none, for whatever is wrong with one, and for NaN and infinities
 */
export async function loadNpyFolder(path: string): Promise<Checkpoint> {
  const names = (await readdir(path)).filter((name) => name.endsWith(EXTENSION)).sort();
  if (names.length === 0) {
    throw new InputError(`${path}: the folder holds no .npy files; give a .safetensors or .pth file.`);
  }
  const tensors = new Map<string, HostTensor>();
  for (const name of names) {
    const file = join(path, name);
    const bytes = await readFile(file).catch(() => {
      throw new InputError(`${file}: it cannot be read; check its permissions.`);
    });
    tensors.set(name.slice(0, -EXTENSION.length), parseNpy(bytes, file));
  }
  const checkpoint: Checkpoint = { file: path, format: 'npy-folder', tensors, metadata: {} };
  checkFinite(checkpoint);
  return checkpoint;
}
