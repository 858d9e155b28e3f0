import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, readCheckpoint } from '../../src/io/load';
import { readPytorchLegacy, readPytorchZip } from '../../src/io/pytorch';
import { inputError, neverCrashes } from './checks';
import * as pk from './pickles';

const here = new URL('../reference/io/', import.meta.url);
const slim = new URL('../../../shared/data/slim/', import.meta.url);
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`files/${name}`, here)));

interface Recorded {
  shape: number[];
  float: boolean;
  values: string[];
}

const expected = JSON.parse(readFileSync(new URL('expected.json', here), 'utf8')) as Record<
  string,
  Record<string, Recorded>
>;

function floatHex(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, '0');
}

describe('PyTorch checkpoints made by torch', () => {
  it('has the files', () => {
    expect(Object.keys(expected).length).toBe(18);
  });

  it.each(Object.keys(expected))('reads %s bit for bit', async (name) => {
    const checkpoint = await readCheckpoint(read(name), name);
    expect(checkpoint.format).toBe(name.includes('.zip.') ? 'pytorch-zip' : 'pytorch-legacy');
    const wanted = expected[name];
    expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(wanted).sort());
    for (const [key, { shape, float, values }] of Object.entries(wanted)) {
      const tensor = checkpoint.tensors.get(key)!;
      expect([key, tensor.shape, tensor.dtype === 'f32']).toEqual([key, shape, float]);
      const found =
        tensor.dtype === 'f32'
          ? Array.from(tensor.data, floatHex)
          : Array.from<number | bigint>(tensor.data).map(String);
      expect(found).toEqual(values);
    }
  });

  const refused: [string, RegExp][] = [
    ['os_system.zip.pth', /asks for posix\.system, which is neither a tensor nor a plain container/],
    ['os_system.legacy.pth', /asks for posix\.system/],
    ['eval.zip.pth', /asks for __builtin__\.eval/],
    ['eval.legacy.pth', /asks for __builtin__\.eval/],
    ['whole_model.zip.pth', /asks for torch\.nn\.modules\.linear\.Linear.*torch\.save\(model\.state_dict\(\), path\)/],
    ['whole_model.legacy.pth', /asks for torch\.nn\.modules\.linear\.Linear/],
    ['torchscript.pt', /TorchScript program/],
    ['nan.zip.pth', /tensor "broken\.weight" of shape \[2,2\] holds NaN at index 2/],
    ['nan.legacy.pth', /tensor "broken\.weight" of shape \[2,2\] holds NaN at index 2/],
  ];
  it.each(refused)('refuses %s', async (name, message) => {
    expect(await inputError(() => readCheckpoint(read(name), name))).toMatch(message);
  });
});

describe.skipIf(!existsSync(slim))('slim (skipped where ../shared/data/slim is absent)', () => {
  it('holds the same tensors as .pth and .safetensors', async () => {
    const [pth, safe] = await Promise.all(
      ['slim.pth', 'slim.safetensors'].map((name) => loadCheckpoint(new URL(name, slim).pathname)),
    );
    expect([pth.format, safe.format]).toEqual(['pytorch-zip', 'safetensors']);
    expect(safe.tensors.size).toBe(109);
    expect([...pth.tensors.keys()].sort()).toEqual([...safe.tensors.keys()].sort());
    for (const [name, { shape, dtype, data }] of safe.tensors) {
      const other = pth.tensors.get(name)!;
      expect([name, other.dtype, other.shape]).toEqual([name, dtype, shape]);
      expect(Buffer.from(other.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    }
  });
});

const one = (value: Uint8Array): Uint8Array => pk.dictPickle([['w', value]]);
const opcode = (...parts: Parameters<typeof pk.bytes>): Uint8Array => pk.bytes([0x80, 2], ...parts, '.');
const global = (module: string, name: string): Uint8Array => pk.bytes(`c${module}\n${name}\n`);
const view = (key: string, numel: number, ...viewItems: Uint8Array[]): Uint8Array =>
  pk.bytes(
    pk.tuple(
      pk.str('storage'),
      global('torch', 'FloatStorage'),
      pk.str(key),
      pk.str('cpu'),
      pk.int(numel),
      pk.tuple(...viewItems),
    ),
    'Q',
  );

describe('the allow-list', () => {
  it('takes the well-made one', async () => {
    const { tensors } = await readPytorchZip(pk.zipCheckpoint(one(pk.tensor({ stride: [1, 2] }))), 'f');
    expect(tensors.get('w')).toEqual({ shape: [2, 3], dtype: 'f32', data: Float32Array.of(0, 2, 4, 1, 3, 5) });
  });

  const hostile: [string, Uint8Array, RegExp][] = [
    ['GLOBAL os.system', opcode(global('os', 'system'), pk.tuple(pk.str('exit 1')), 'R'), /asks for os\.system,/],
    [
      'STACK_GLOBAL os.system',
      opcode(pk.str('os'), pk.str('system'), [0x93], pk.tuple(pk.str('exit 1')), 'R'),
      /asks for os\.system,/,
    ],
    ['INST os.system', opcode('(', pk.str('exit 1'), 'ios\nsystem\n'), /asks for os\.system,/],
    [
      'INST of an allowed name',
      opcode('(icollections\nOrderedDict\n'),
      /makes an instance of collections\.OrderedDict/,
    ],
    ['OBJ', opcode('(', global('torch', 'Size'), pk.str('x'), 'o'), /makes an instance of torch\.Size/],
    ['builtins.eval', opcode(global('builtins', 'eval'), pk.tuple(pk.str('1')), 'R'), /asks for builtins\.eval,/],
    ['builtins.getattr', opcode(global('builtins', 'getattr')), /asks for builtins\.getattr,/],
    ['torch.load', opcode(global('torch', 'load')), /asks for torch\.load,/],
    [
      'a dotted way around',
      opcode(global('torch._utils', '_rebuild_tensor_v2.__globals__')),
      /asks for torch\._utils\._rebuild_tensor_v2\.__globals__,/,
    ],
    ['a name of Object.prototype', opcode(global('constructor', 'constructor')), /asks for constructor\.constructor,/],
    ['argparse.Namespace', opcode(global('argparse', 'Namespace'), ')', [0x81]), /asks for argparse\.Namespace,/],
    ['EXT1', opcode([0x82, 7]), /copyreg extension 7/],
    ['EXT2', opcode([0x83, 7, 1]), /copyreg extension 263/],
    ['EXT4', opcode([0x84, 7, 0, 0, 0]), /copyreg extension 7/],
    ['NEXT_BUFFER', opcode([0x97]), /an out-of-band buffer/],
    ['REDUCE of a dtype', opcode(global('torch', 'float32'), ')R'), /calls torch\.float32,/],
    ['REDUCE of a storage type', opcode(global('torch', 'FloatStorage'), ')R'), /calls torch\.FloatStorage,/],
    ['REDUCE of a string', opcode(pk.str('os.system'), ')R'), /calls a string,/],
    [
      'REDUCE without a tuple',
      opcode(global('collections', 'OrderedDict'), 'NR'),
      /calls collections\.OrderedDict with None for arguments/,
    ],
    ['NEWOBJ of a string', opcode(pk.str('x'), ')', [0x81]), /calls a string,/],
    [
      'NEWOBJ_EX',
      opcode(global('collections', 'OrderedDict'), ')}', [0x92]),
      /makes an instance of collections\.OrderedDict/,
    ],
    [
      'BUILD on a global',
      opcode(global('collections', 'OrderedDict'), '}b'),
      /sets the state of collections\.OrderedDict/,
    ],
    ['BUILD on a tensor', opcode(pk.tensor(), '}b'), /sets the state of a tensor/],
    ['BUILD with a tuple', opcode('})b'), /sets the state of a dict to a tuple/],
    ['a name of terminal escapes', opcode(global('os\u001b[2J', 'system')), /asks for os\\u001b\[2J\.system,/],
    [
      'a persistent id that is no storage',
      opcode(pk.tuple(pk.str('module'), pk.str('x')), 'Q'),
      /refers to "module" outside itself/,
    ],
    ['a persistent id of protocol 0', opcode('Pstorage\n'), /refers to nothing outside itself/],
    ['an unknown opcode', opcode([0xff]), /no opcode 0xff \(byte 2\)/],
    ['protocol 9', pk.bytes([0x80, 9], '.'), /protocol 9 is not known/],
    ['an empty pickle', new Uint8Array(), /ends early/],
    ['no STOP', pk.bytes([0x80, 2], '}'), /ends early/],
    ['STOP on an empty stack', opcode(), /takes from an empty stack/],
    ['an unset memo', opcode('h', [3]), /takes memo 3/],
    ['a mark never set', opcode('t'), /mark that was never set/],
    ['APPEND to a dict', opcode('}Na'), /appends to a dict/],
    ['APPENDS to a tuple', opcode(')(Ne'), /appends to a tuple/],
    ['SETITEM of a list', opcode(']NNs'), /sets items of a list/],
    ['an odd SETITEMS', opcode('}(Nu'), /key without a value/],
    ['ADDITEMS to a list', opcode('](N', [0x90]), /adds items to a list/],
    ['LONG4 of 2 GiB', opcode([0x8b], pk.le(0x7fffffff, 4)), /integer of 2147483647 bytes/],
    ['LONG4 of a negative length', opcode([0x8b], pk.le(0xffffffff, 4)), /integer of -1 bytes/],
    ['a decimal of a million digits', opcode(`L${'9'.repeat(1_000_000)}L\n`), /has the integer/],
    ['a string of 4 GiB', opcode('X', pk.le(0xffffffff, 4)), /ends early \(4294967295 bytes wanted/],
    ['a string of 2^63 bytes', opcode([0x8d], pk.le(2n ** 63n, 8)), /ends early/],
    ['bytes of 2^63', opcode([0x8e], pk.le(2n ** 63n, 8)), /ends early/],
    ['a string of a negative length', opcode('T', pk.le(0xffffffff, 4)), /ends early/],
    ['a string that is not UTF-8', opcode('X', pk.le(1, 4), [0xff]), /not UTF-8/],
    ['a line without an end', pk.bytes('cos'), /ends within a line/],
    ['a list for a state dict', opcode(']'), /holds a list instead of a dict/],
    ['a list that holds itself', opcode(']q', [0], 'h', [0], 'a'), /holds a list instead of a dict/],
    [
      'a dict that holds itself',
      opcode('}q', [0], pk.str('model'), 'h', [0], 's'),
      /has the keys "model", but no tensors/,
    ],
    ['400,000 nested lists', opcode(']'.repeat(400_000), 'a'.repeat(399_999)), /holds a list instead of a dict/],
    ['an empty dict', opcode('}'), /is empty, but no tensors/],
    ['tensors named by numbers', opcode('}K', [1], pk.tensor(), 's'), /named by a number/],
    ['a tensor of no storage', opcode(pk.tensor({ storage: pk.str('x') })), /built on a string instead of a storage/],
    [
      'a parameter of no tensor',
      opcode(global('torch._utils', '_rebuild_parameter'), pk.tuple(pk.str('x')), 'R'),
      /built on a string instead of a tensor/,
    ],
    [
      'an offset out of storage',
      one(pk.tensor({ offset: 1 })),
      /on storage "0" of shape \[2,3\] reaches element 6, but the storage has 6/,
    ],
    ['a stride out of storage', one(pk.tensor({ stride: [4, 1] })), /reaches element 6/],
    ['a stride of 2^53', one(pk.tensor({ stride: [2 ** 53 - 1, 2 ** 53 - 1] })), /reaches element/],
    [
      'a negative stride',
      one(pk.tensor({ offset: 5, stride: [-3, -1] })),
      /size, stride or offset that are not matching/,
    ],
    ['a negative size', one(pk.tensor({ size: [-2, -3] })), /size, stride or offset/],
    ['a negative offset', one(pk.tensor({ offset: -1 })), /size, stride or offset/],
    ['more sizes than strides', one(pk.tensor({ stride: [1] })), /size, stride or offset/],
    [
      '65 dimensions',
      one(pk.tensor({ size: Array<number>(65).fill(1), stride: Array<number>(65).fill(1) })),
      /size, stride or offset/,
    ],
    ['a size of 2^60', one(pk.tensor({ size: [2n ** 60n], stride: [0] })), /size, stride or offset/],
    [
      'a stride of 0 over 2^40',
      one(pk.tensor({ size: [2 ** 40], stride: [0] })),
      /repeats the file's few bytes beyond measure/,
    ],
    [
      'a size whose product overflows',
      one(pk.tensor({ size: Array<number>(60).fill(2 ** 40), stride: Array<number>(60).fill(0) })),
      /beyond measure/,
    ],
    [
      'a hundred tensors of 16 MB on 24 bytes',
      pk.dictPickle(Array.from({ length: 100 }, (_, i) => [`w${i}`, pk.tensor({ size: [2 ** 22], stride: [0] })])),
      /beyond measure/,
    ],
    [
      'a storage of 2^50 elements',
      one(pk.tensor({ storage: pk.storageId('0', 2 ** 50) })),
      /should hold 1125899906842624 elements of 4 bytes, but its record has 24/,
    ],
    [
      'a storage of 2^60 elements',
      one(pk.tensor({ storage: pk.storageId('0', 2n ** 60n) })),
      /without its type, key or length/,
    ],
    ['a storage longer than its record', one(pk.tensor({ storage: pk.storageId('0', 7) })), /record has 24 bytes/],
    ['a storage shorter than its record', one(pk.tensor({ storage: pk.storageId('0', 5) })), /record has 24 bytes/],
    [
      'a storage of two types',
      pk.dictPickle([
        ['a', pk.tensor()],
        ['b', pk.tensor({ storage: pk.storageId('0', 3, 'LongStorage') })],
      ]),
      /two types or lengths/,
    ],
    [
      'a complex storage',
      one(pk.tensor({ storage: pk.storageId('0', 3, 'ComplexFloatStorage') })),
      /asks for torch\.ComplexFloatStorage,/,
    ],
    ['a storage that is not there', one(pk.tensor({ storage: pk.storageId('1', 6) })), /lacks "a\/data\/1"/],
    [
      'a storage out of the folder',
      one(pk.tensor({ storage: pk.storageId('../data.pkl', 6) })),
      /lacks "a\/data\/\.\.\/data\.pkl"/,
    ],
  ];
  it.each(hostile)('refuses %s', async (_, pickle, message) => {
    const started = performance.now();
    const found = await inputError(() => readPytorchZip(pk.zipCheckpoint(pickle), 'w.pth'));
    expect(found).toMatch(/^w\.pth: /);
    expect(found).toMatch(message);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('bounds the objects and the length of a pickle', async () => {
    const wide = opcode(pk.bytes(new Uint8Array(2_000_000).fill(0x7d)));
    expect(await inputError(() => readPytorchZip(pk.zipCheckpoint(wide), 'f'))).toMatch(/makes over 1000000 objects/);
    const long = opcode(pk.bytes(new Uint8Array(40_000_000).fill(0x4e)));
    expect(await inputError(() => readPytorchZip(pk.zipCheckpoint(long), 'f'))).toMatch(/is over 33554432 bytes/);
  });
});

describe('the zip archive', () => {
  const fine = one(pk.tensor());
  const data = { name: 'a/data/0', data: pk.sixFloats };
  const zeros = new Uint8Array(50_000_000);
  const made = pk.zipCheckpoint(fine);
  const patched = (find: Uint8Array, change: (file: Uint8Array, at: number) => void): Uint8Array => {
    const file = Buffer.from(made);
    change(file, file.indexOf(find));
    return new Uint8Array(file);
  };
  const hostile: [string, Uint8Array, RegExp][] = [
    [
      'a compressed record',
      pk.zipCheckpoint(fine, [{ ...data, deflate: true }]),
      /"a\/data\/0" is compressed or encrypted/,
    ],
    [
      'a zip bomb',
      pk.zipCheckpoint(fine, [{ name: 'a/data/0', data: zeros, deflate: true }]),
      /"a\/data\/0" is compressed or encrypted \(\d+ bytes would become 50000000\)/,
    ],
    [
      'a compressed pickle',
      pk.zip([{ name: 'a/data.pkl', data: fine, deflate: true }, data]),
      /"a\/data\.pkl" is compressed/,
    ],
    ['a record twice', pk.zipCheckpoint(fine, [data, data]), /"a\/data\/0" is there twice/],
    ['two pickles', pk.zipCheckpoint(fine, [data, { name: 'b/data.pkl', data: fine }]), /has 2 entries data\.pkl/],
    [
      'overlapping records',
      pk.zipCheckpoint(fine, [data, { name: 'a/data/1', data: pk.sixFloats, sameAs: 1 }]),
      /overlap, as in a zip bomb/,
    ],
    [
      'no pickle',
      pk.zip([{ name: 'arr_0.npy', data: pk.sixFloats, deflate: true }]),
      /zip archive without the data\.pkl/,
    ],
    ['no records', pk.zip([]), /zip archive without the data\.pkl/],
    [
      'a record of 2 GB',
      pk.zipCheckpoint(fine, [{ ...data, size: 2_000_000_000 }]),
      /of 2000000000 bytes does not fit the file/,
    ],
    ['a wrong checksum', pk.zipCheckpoint(fine, [{ ...data, crc: 123 }]), /checksum of "a\/data\/0" is wrong/],
    [
      'a record with a way out',
      pk.zipCheckpoint(fine, [{ name: '../../etc/x', data: pk.sixFloats }]),
      /cannot be read \(invalid relative path/,
    ],
    ['big-endian data', pk.zipCheckpoint(fine, [data, { name: 'a/byteorder', data: pk.bytes('big') }]), /big-endian/],
    ['a cut', made.subarray(0, made.length - 30), /cannot be read/],
    ['only the first bytes', made.subarray(0, 10), /cannot be read/],
    ['a broken directory', patched(pk.bytes('PK\x01\x02'), (file, at) => (file[at] = 0)), /cannot be read/],
    [
      'a directory out of the file',
      patched(pk.bytes('PK\x05\x06'), (file, at) => file.set([0xff, 0xff, 0xff, 0x7f], at + 16)),
      /cannot be read/,
    ],
  ];
  it.each(hostile)('refuses %s', async (_, file, message) => {
    const found = await inputError(() => readPytorchZip(file, 'w.pth'));
    expect(found).toMatch(/^w\.pth: /);
    expect(found).toMatch(message);
  });
});

describe('the older stream form', () => {
  const keys = (...names: string[]): Uint8Array => pk.bytes([0x80, 2], '](', ...names.map(pk.str), 'e.');
  const storage = pk.bytes(pk.le(6, 8), pk.sixFloats);
  const legacy = (pickle: Uint8Array, ...rest: Uint8Array[]): Uint8Array => pk.bytes(pk.legacyHead, pickle, ...rest);
  const fine = one(pk.tensor());

  it('takes the well-made one, and views of storages', () => {
    const plain = readPytorchLegacy(legacy(fine, keys('0'), storage), 'f');
    expect([...plain.tensors.get('w')!.data]).toEqual([0, 1, 2, 3, 4, 5]);
    const part = view('0', 6, pk.str('v'), pk.int(2), pk.int(4));
    const pickle = one(pk.tensor({ storage: part, offset: 1, size: [3], stride: [1] }));
    expect([...readPytorchLegacy(legacy(pickle, keys('0'), storage), 'f').tensors.get('w')!.data]).toEqual([3, 4, 5]);
  });

  const hostile: [string, Uint8Array, RegExp][] = [
    ['a pickle of something else', opcode('}'), /a pickle, but not one of torch\.save/],
    ['only the magic number', pk.legacyMagic, /ends early/],
    ['another protocol', pk.bytes(pk.legacyMagic, opcode('K', [1])), /protocol of its PyTorch file is not 1001/],
    [
      'a big-endian machine',
      pk.bytes(pk.legacyMagic, opcode('M', pk.le(1001, 2)), opcode('}', pk.str('little_endian'), [0x89], 's')),
      /big-endian/,
    ],
    [
      'os.system for a machine',
      pk.bytes(pk.legacyMagic, opcode('M', pk.le(1001, 2)), opcode(global('os', 'system'))),
      /asks for os\.system/,
    ],
    ['os.system in the object', legacy(opcode(global('os', 'system'))), /asks for os\.system/],
    ['os.system in the keys', legacy(fine, opcode(global('os', 'system'))), /asks for os\.system/],
    ['no keys', legacy(fine), /ends early/],
    ['keys that are a dict', legacy(fine, opcode('}')), /list of storages is missing/],
    ['an unknown key', legacy(fine, keys('1'), storage), /names one that is unknown or comes twice/],
    ['a key twice', legacy(fine, keys('0', '0'), storage, storage), /names one that is unknown or comes twice/],
    ['a key left out', legacy(fine, keys()), /"w" of shape \[2,3\] lies on storage "0", which the file does not hold/],
    ['a storage cut short', legacy(fine, keys('0'), storage.subarray(0, 20)), /needs 32 bytes, but only 20 are left/],
    ['a storage without its size', legacy(fine, keys('0')), /needs 32 bytes, but only 0 are left/],
    [
      'a storage of another size',
      legacy(fine, keys('0'), pk.le(5, 8), pk.sixFloats),
      /should hold 6 elements, but says 5/,
    ],
    [
      'a storage of 2^50',
      legacy(one(pk.tensor({ storage: pk.storageId('0', 2 ** 50) })), keys('0'), storage),
      /needs 4503599627370504 bytes/,
    ],
    [
      'a view out of its storage',
      legacy(one(pk.tensor({ storage: view('0', 6, pk.str('v'), pk.int(3), pk.int(4)) })), keys('0'), storage),
      /view of storage "0" does not lie within/,
    ],
    [
      'a tensor out of its view',
      legacy(one(pk.tensor({ storage: view('0', 6, pk.str('v'), pk.int(2), pk.int(4)) })), keys('0'), storage),
      /reaches element 5, but the storage has 4/,
    ],
  ];
  it.each(hostile)('refuses %s', async (_, file, message) => {
    const found = await inputError(() => readPytorchLegacy(file, 'w.pth'));
    expect(found).toMatch(/^w\.pth: /);
    expect(found).toMatch(message);
  });
});

describe('chance', () => {
  const names = ['nested.legacy.pth', 'protocol4.legacy.pth', 'strided.legacy.pth', 'kinds.zip.pth', 'nested.zip.pth'];
  it.each(names)('flipped bytes and cuts of %s never crash or hang the reader', async (name) => {
    const whole = read(name);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.nat(whole.length), { freq: 4 }),
        async (edits, cut) => {
          const file = whole.slice(0, cut ?? whole.length);
          for (const [at, value] of edits) {
            if (at < file.length) {
              file[at] = value;
            }
          }
          const started = performance.now();
          refused += (await neverCrashes(() => readCheckpoint(file, 'f'))) === 'refused' ? 1 : 0;
          expect(performance.now() - started).toBeLessThan(3000);
        },
      ),
      { numRuns: 600 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  it('every single cut of a file is refused', async () => {
    for (const name of ['net.legacy.pth', 'strided.zip.pth']) {
      const whole = read(name);
      for (let length = 0; length < whole.length; length++) {
        await inputError(() => readCheckpoint(whole.slice(0, length), name));
      }
    }
  });

  it('random opcodes never crash the unpickler', async () => {
    const opcodes = '().0123GIJKLMNQRSTUVXabdegh]ijlopqrstu}BC'.split('').map((c) => c.charCodeAt(0));
    const byte = fc.oneof(
      fc.constantFrom(
        ...opcodes,
        0x80,
        0x81,
        0x85,
        0x86,
        0x87,
        0x88,
        0x89,
        0x8a,
        0x8b,
        0x8c,
        0x8f,
        0x90,
        0x91,
        0x93,
        0x94,
      ),
      fc.nat(255),
    );
    const piece = fc.oneof(
      byte.map((b) => Uint8Array.of(b)),
      fc.constantFrom(
        pk.tensor(),
        pk.storageId('0', 6),
        global('torch', 'Size'),
        global('collections', 'OrderedDict'),
        pk.str('model'),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        await neverCrashes(() => readPytorchZip(pk.zipCheckpoint(opcode(...pieces)), 'f'));
      }),
      { numRuns: 1500 },
    );
  });
});
