import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadNpyFolder, parseNpy } from '../../src/io/npy';
import { temporaryFolder } from '../data/temporary_folder';
import { inputError, neverCrashes } from './checks';
import { bytes } from './pickles';

const inFolder = temporaryFolder();

/** A file by NumPy's description of the format (numpy.lib.format). */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = bytes(`${header}\n`);
  const length = new Uint8Array(version === 1 ? 2 : 4);
  new DataView(length.buffer).setUint16(0, text.length, true);
  return bytes([0x93], 'NUMPY', [version, 0], length, text, data);
}

const f4 = (shape: string, order = 'False'): string =>
  `{'descr': '<f4', 'fortran_order': ${order}, 'shape': (${shape}), }`;
const data = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

// numpy.save(numpy.array([[1.5, -2, 3]], 'float32')) by numpy 1.24
const BY_NUMPY = Buffer.from(
  '934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c202773686170' +
    '65273a2028312c2033292c207d20202020202020202020202020202020202020202020202020202020202020202020202020202020202020' +
    '2020202020202020202020202020200a0000c03f000000c000004040',
  'hex',
);

describe('parseNpy', () => {
  it("reads NumPy's file", () => {
    expect(parseNpy(new Uint8Array(BY_NUMPY), 'a.npy')).toEqual({
      shape: [1, 3],
      dtype: 'f32',
      data: Float32Array.of(1.5, -2, 3),
    });
  });

  it.each([
    ['a scalar', f4(''), data(3), []],
    ['a list', f4('2,'), data(3, 4), [2]],
    ['a list by columns', f4('2,', 'True'), data(3, 4), [2]],
    ['nothing', f4('0, 4'), data(), [0, 4]],
    [
      'doubles',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
      new Uint8Array(Float64Array.of(3).buffer),
      [1],
    ],
  ])('reads %s', (_, header, content, shape) => {
    expect(parseNpy(npy(header, content), 'a.npy').shape).toEqual(shape);
    expect(parseNpy(npy(header, content, 2), 'a.npy').shape).toEqual(shape);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['another file', bytes('hello, this is text'), /no NumPy array/],
    ['nothing', new Uint8Array(0), /no NumPy array/],
    ['a long header', npy(f4('1,'), data(1)).subarray(0, 20), /is longer than the file/],
    ['objects', npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", data(1)), /type "\|O" are not read/],
    [
      'records',
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", data(1)),
      /does not state type/,
    ],
    ['big-endian numbers', npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", data(1)), /">f4" are not/],
    ['columns', npy(f4('2, 2', 'True'), data(1, 2, 3, 4)), /stored by columns/],
    ['too few bytes', npy(f4('2, 2'), data(1, 2, 3)), /shape \[2,2\] needs 16 bytes, and 12 are there/],
    ['too many bytes', npy(f4('1,'), data(1, 2, 3)), /needs 4 bytes, and 12/],
    ['a huge shape', npy(f4('99999999999, 99999999999'), data(1)), /needs .* bytes, and 4/],
  ])('refuses %s', async (_, content, expected) => {
    expect(await inputError(() => parseNpy(content, 'a.npy'))).toMatch(expected);
  });

  it('takes or refuses any changed byte, and nothing else', async () => {
    const at = fc.nat(BY_NUMPY.length - 1);
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (position, change) => {
        const changed = Uint8Array.from(BY_NUMPY);
        changed[position] ^= change;
        await neverCrashes(() => parseNpy(changed, 'a.npy'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('loadNpyFolder', () => {
  it('reads a tensor from each .npy', async () => {
    mkdirSync(inFolder('weights'));
    writeFileSync(inFolder('weights/conv1.weight.npy'), BY_NUMPY);
    writeFileSync(inFolder('weights/README'), 'other files are left alone');
    const { tensors, format } = await loadNpyFolder(inFolder('weights'));
    expect([format, [...tensors.keys()]]).toEqual(['npy-folder', ['conv1.weight']]);
    writeFileSync(inFolder('weights/bad.npy'), npy(f4('1,'), data(NaN)));
    expect(await inputError(() => loadNpyFolder(inFolder('weights')))).toContain('"bad" of shape [1] holds NaN');
  });

  it('refuses a folder without any', async () => {
    mkdirSync(inFolder('empty'));
    expect(await inputError(() => loadNpyFolder(inFolder('empty')))).toContain('holds no .npy files');
  });
});
