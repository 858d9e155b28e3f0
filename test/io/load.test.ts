import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/io/load';
import { writeSafetensors } from '../../src/io/safetensors';
import { inputError } from './checks';
import * as pk from './pickles';

const folder = mkdtempSync(join(tmpdir(), 'mask-engine-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const weights = writeSafetensors(
  new Map([['module.w', { shape: [1], dtype: 'f32' as const, data: Float32Array.of(1) }]]),
  { classes: '["a"]' },
);

describe('loadCheckpoint', () => {
  it('goes by the content, not by the name', async () => {
    const safe = await loadCheckpoint(put('a.pth', weights));
    expect([safe.format, safe.metadata, [...safe.tensors.keys()]]).toEqual([
      'safetensors',
      { classes: '["a"]' },
      ['w'],
    ]);
    const zip = await loadCheckpoint(put('b.safetensors', pk.zipCheckpoint(pk.dictPickle([['w', pk.tensor()]]))));
    expect([zip.format, zip.file]).toEqual(['pytorch-zip', join(folder, 'b.safetensors')]);
  });

  it('reads safetensors whose length of the header begins as a pickle does', async () => {
    for (const length of [640, 896, 1152, 65536 + 640]) {
      const named = new Map([['w', { shape: [1], dtype: 'f32' as const, data: Float32Array.of(1) }]]);
      const bare = writeSafetensors(named, { pad: '' }).length - 12;
      const file = writeSafetensors(named, { pad: 'x'.repeat(length - bare) });
      expect([file[0], file[1]]).toEqual([0x80, (length >> 8) & 0xff]);
      expect((await loadCheckpoint(put('length.safetensors', file))).format).toBe('safetensors');
    }
  });

  const tar = new Uint8Array(512);
  tar.set(pk.bytes('ustar'), 257);
  const others: [string, Uint8Array | string, RegExp][] = [
    ['empty.pth', '', /it is empty/],
    ['one_byte.pth', '\0', /neither safetensors nor a PyTorch checkpoint/],
    ['notes.pth', 'epoch 3: loss 0.4\n', /it is a text file/],
    ['config.pth', '{"a": 1,{ "b": 2 }', /it is a text file/],
    ['page.pth', '<!DOCTYPE html><html></html>', /it is a web page/],
    ['lfs.pth', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n', /Git LFS pointer.*git lfs pull/],
    ['image.pth', pk.bytes('\x89PNG\r\n\x1a\n', new Uint8Array(32)), /a PNG image/],
    ['photo.pth', pk.bytes([0xff, 0xd8, 0xff, 0xe0], new Uint8Array(32)), /a JPEG image/],
    ['stack.pth', pk.bytes('II*\0', new Uint8Array(32)), /a TIFF image/],
    ['model.pth', pk.bytes([8, 7, 0x12, 7], 'pytorch', [0x1a, 3], '1.0'), /an ONNX model/],
    ['keras.pth', pk.bytes('\x89HDF\r\n\x1a\n', new Uint8Array(32)), /an HDF5 file/],
    ['array.pth', pk.bytes('\x93NUMPY\x01\x00', new Uint8Array(32)), /a NumPy array/],
    ['packed.pth', gzipSync(weights), /a gzip archive/],
    ['old.pth', tar, /a tar archive \(PyTorch wrote such before/],
    ['zeros.pth', new Uint8Array(100), /neither safetensors nor a PyTorch checkpoint/],
    ['pickle.pth', pk.bytes([0x80, 4], '}.'), /a pickle, but not one of torch\.save/],
    ['huge_header.pth', pk.bytes(pk.le(2n ** 60n, 8), '{"a":1}'), /header says it is 1152921504606846976 bytes long/],
    ['cut.pth', weights.subarray(0, weights.length - 1), /"module\.w" has "data_offsets" up to byte 4/],
  ];
  it.each(others)('says what %s is', async (name, content, message) => {
    const path = put(name, content);
    const found = await inputError(() => loadCheckpoint(path));
    expect(found.startsWith(`${path}: `)).toBe(true);
    expect(found).toMatch(message);
  });

  it('says when there is no regular file', async () => {
    expect(await inputError(() => loadCheckpoint(join(folder, 'none.pth')))).toMatch(/there is no such file/);
    expect(await inputError(() => loadCheckpoint(join(put('file', 'x'), 'none.pth')))).toMatch(/there is no such file/);
    expect(await inputError(() => loadCheckpoint(folder))).toMatch(/it is a folder/);
  });

  it.skipIf(process.platform === 'win32')('reads no device', async () => {
    expect(await inputError(() => loadCheckpoint('/dev/zero'))).toMatch(/not a regular file/);
  });

  it('does not take a file of 5 GiB into memory', async () => {
    const path = put('sparse.pth', 'PK\x03\x04');
    truncateSync(path, 5 * 1024 ** 3);
    expect(await inputError(() => loadCheckpoint(path))).toMatch(/larger than 4 GiB/);
    truncateSync(path, 0);
  });

  it('refuses values that are not finite', async () => {
    const file = writeSafetensors(
      new Map([['w', { shape: [2], dtype: 'f32' as const, data: Float32Array.of(0, NaN) }]]),
    );
    expect(await inputError(() => loadCheckpoint(put('nan.safetensors', file)))).toMatch(
      /"w" of shape \[2\] holds NaN at index 1/,
    );
  });
});
