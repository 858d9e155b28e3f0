import { crc32 } from 'node:zlib';
import { fromBufferPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { InputError } from '../errors';
import type { Checkpoint } from './checkpoint';
import { elementSize } from './elements';
import { PickleDict } from './pickle-values';
import type { PickleGlobal, PickleValue } from './pickle-values';
import { readStateDict } from './state-dict';
import { quoteName } from './text';
import { TorchStorage, parseStorageId, torchGlobals } from './torch-tensors';
import type { StorageBytes } from './torch-tensors';
import { unpickle } from './unpickler';

const again = 'the file is damaged or cut short, so download or save it again';
const resave = 'load it in PyTorch and save it with torch.save(model.state_dict(), path)';

/** One stored record of the archive; `start` is its first byte in the file. */
interface ZipRecord {
  name: string;
  start: number;
  size: number;
  crc: number;
}

async function eachRecord(zip: ZipFile, bytes: Uint8Array, file: string): Promise<ZipRecord[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    entries.push(entry);
  }
  // Said first, so that an .npz or a .docx is not told to be a badly made checkpoint.
  if (!entries.some((entry) => isRecord(entry.fileName, 'data.pkl'))) {
    throw new InputError(
      `${file}: it is a zip archive without the data.pkl of a PyTorch checkpoint; give a .pth or .safetensors file.`,
    );
  }
  if (entries.some((entry) => isRecord(entry.fileName, 'constants.pkl'))) {
    throw new InputError(`${file}: it is a TorchScript program; ${resave}.`);
  }
  const records: ZipRecord[] = [];
  const names = new Set<string>();
  for (const entry of entries) {
    const where = `${file}: the zip entry ${quoteName(entry.fileName)}`;
    if (names.has(entry.fileName)) {
      throw new InputError(`${where} is there twice; ${resave}.`);
    }
    names.add(entry.fileName);
    if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
      throw new InputError(
        `${where} is compressed or encrypted (${entry.compressedSize} bytes would become ${entry.uncompressedSize}), ` +
          `which PyTorch never does, so it is refused; ${resave}.`,
      );
    }
    const size = entry.uncompressedSize;
    // yauzl holds the header and the data to the bounds of the file.
    const header = await zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch(() => null);
    const start = header?.fileDataStart ?? Infinity;
    if (size !== entry.compressedSize || !(start + size <= bytes.length)) {
      throw new InputError(`${where} of ${size} bytes does not fit the file of ${bytes.length}; ${again}.`);
    }
    records.push({ name: entry.fileName, start, size, crc: entry.crc32 });
  }
  const ordered = records.filter((record) => record.size > 0).sort((a, b) => a.start - b.start);
  for (const [i, record] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before !== undefined && record.start < before.start + before.size) {
      throw new InputError(
        `${file}: the zip entries ${quoteName(before.name)} and ${quoteName(record.name)} overlap, as in a zip bomb; ` +
          `${resave}.`,
      );
    }
  }
  return records;
}

/** torch.save puts everything into one folder of any name. */
function isRecord(name: string, record: string): boolean {
  return name === record || (name.endsWith(`/${record}`) && name.indexOf('/') === name.length - record.length - 1);
}

/** The records of the archive, by their names without the folder. */
class ZipRecords {
  private readonly byName = new Map<string, ZipRecord>();
  private readonly prefix: string;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    records: readonly ZipRecord[],
  ) {
    const pickles = records.filter((record) => isRecord(record.name, 'data.pkl'));
    if (pickles.length !== 1) {
      throw new InputError(
        `${file}: the zip archive has ${pickles.length} entries data.pkl instead of one; ${resave}.`,
      );
    }
    this.prefix = pickles[0].name.slice(0, -'data.pkl'.length);
    for (const record of records) {
      this.byName.set(record.name, record);
    }
  }

  has(name: string): boolean {
    return this.byName.has(this.prefix + name);
  }

  read(name: string): Uint8Array {
    const record = this.byName.get(this.prefix + name);
    if (record === undefined) {
      throw new InputError(`${this.file}: the zip archive lacks ${quoteName(this.prefix + name)}; ${again}.`);
    }
    const content = this.bytes.subarray(record.start, record.start + record.size);
    // PyTorch can be told not to compute checksums.
    if (record.crc !== 0 && crc32(content) !== record.crc) {
      throw new InputError(`${this.file}: the checksum of ${quoteName(record.name)} is wrong; ${again}.`);
    }
    return content;
  }
}

async function openZip(bytes: Uint8Array, file: string): Promise<ZipRecords> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const zip = await fromBufferPromise(buffer, { lazyEntries: true });
    return new ZipRecords(bytes, file, await eachRecord(zip, bytes, file));
  } catch (error) {
    if (error instanceof InputError) {
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(`${file}: the zip archive cannot be read (${quoteName(why).slice(1, -1)}); ${again}.`);
  }
}

/**
 * Reads a PyTorch checkpoint of the zip form (torch.save since 1.6): data.pkl, and one uncompressed record a storage.
 * No Python is run: see `unpickle`.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws InputError for whatever is wrong with the file
 */
export async function readPytorchZip(bytes: Uint8Array, file: string): Promise<Checkpoint> {
  const records = await openZip(bytes, file);
  if (records.has('byteorder') && new TextDecoder().decode(records.read('byteorder')) !== 'little') {
    throw new InputError(`${file}: it was written on a big-endian machine; ${resave} on a little-endian one.`);
  }
  const storages = new Map<string, StorageBytes>();
  const { value } = unpickle(records.read('data.pkl'), 0, file, {
    globals: torchGlobals(file),
    persistentLoad(id: PickleValue): PickleValue {
      const { element, key, length, view } = parseStorageId(id, file);
      let source = storages.get(key);
      if (source === undefined) {
        source = { element, length, bytes: records.read(`data/${key}`) };
        storages.set(key, source);
      }
      checkSameStorage(source, element, length, key, file);
      if (view !== null || source.bytes!.length !== length * elementSize[element]) {
        throw new InputError(
          `${file}: storage ${quoteName(key)} should hold ${length} elements of ${elementSize[element]} bytes, but ` +
            `its record has ${source.bytes!.length} bytes; ${again}.`,
        );
      }
      return new TorchStorage(key, source, 0, length);
    },
  });
  return { file, format: 'pytorch-zip', tensors: readStateDict(value, file, bytes.length), metadata: {} };
}

function checkSameStorage(source: StorageBytes, element: string, length: number, key: string, file: string): void {
  if (source.element !== element || source.length !== length) {
    throw new InputError(`${file}: storage ${quoteName(key)} is named with two types or lengths; ${resave}.`);
  }
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/**
 * Reads a PyTorch checkpoint of the older stream form (torch.save before 1.6, or with
 * `_use_new_zipfile_serialization=False`): pickles of the magic number, the protocol, the machine, the object and the
 * storages' keys, then for each key its number of elements (8 bytes) and the elements.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws InputError for whatever is wrong with the file
 */
export function readPytorchLegacy(bytes: Uint8Array, file: string): Checkpoint {
  const plain = { globals: new Map<string, PickleGlobal>(), persistentLoad: (): PickleValue => null };
  const magic = unpickle(bytes, 0, file, plain);
  if (magic.value !== legacyMagic) {
    throw new InputError(`${file}: it is a pickle, but not one of torch.save; ${resave}.`);
  }
  const protocol = unpickle(bytes, magic.end, file, plain);
  if (protocol.value !== legacyProtocol) {
    throw new InputError(`${file}: the protocol of its PyTorch file is not ${legacyProtocol}; ${resave}.`);
  }
  const system = unpickle(bytes, protocol.end, file, plain);
  if (system.value instanceof PickleDict && system.value.entries.get('little_endian') === false) {
    throw new InputError(`${file}: it was written on a big-endian machine; ${resave} on a little-endian one.`);
  }
  const storages = new Map<string, StorageBytes>();
  const object = unpickle(bytes, system.end, file, {
    globals: torchGlobals(file),
    persistentLoad(id: PickleValue): PickleValue {
      const { element, key, length, view } = parseStorageId(id, file);
      let source = storages.get(key);
      if (source === undefined) {
        source = { element, length, bytes: null };
        storages.set(key, source);
      }
      checkSameStorage(source, element, length, key, file);
      return new TorchStorage(key, source, view?.start ?? 0, view?.length ?? length);
    },
  });
  const keys = unpickle(bytes, object.end, file, plain);
  readLegacyStorages(bytes, keys.end, keys.value, storages, file);
  const tensors = readStateDict(object.value, file, bytes.length);
  return { file, format: 'pytorch-legacy', tensors, metadata: {} };
}

function readLegacyStorages(
  bytes: Uint8Array,
  start: number,
  keys: PickleValue,
  storages: ReadonlyMap<string, StorageBytes>,
  file: string,
): void {
  if (!Array.isArray(keys)) {
    throw new InputError(`${file}: the list of storages is missing; ${again}.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = start;
  for (const key of keys) {
    const source = typeof key === 'string' ? storages.get(key) : undefined;
    if (source === undefined || source.bytes !== null) {
      throw new InputError(`${file}: the list of storages names one that is unknown or comes twice; ${again}.`);
    }
    const left = bytes.length - position;
    const size = source.length * elementSize[source.element];
    if (left < 8 + size) {
      throw new InputError(
        `${file}: storage ${quoteName(key as string)} needs ${8 + size} bytes, but only ${left} are left; ${again}.`,
      );
    }
    if (view.getBigInt64(position, true) !== BigInt(source.length)) {
      throw new InputError(
        `${file}: storage ${quoteName(key as string)} should hold ${source.length} elements, but says ` +
          `${view.getBigInt64(position, true)}; ${again}.`,
      );
    }
    source.bytes = bytes.subarray(position + 8, position + 8 + size);
    position += 8 + size;
  }
}
