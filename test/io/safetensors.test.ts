import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFinite } from '../../src/io/checkpoint';
import type { HostTensor } from '../../src/io/checkpoint';
import { parseSafetensors, writeSafetensors } from '../../src/io/safetensors';
import { inputError, neverCrashes } from './checks';
import { bytes, le, safetensors } from './pickles';

const slim = new URL('../../../shared/data/slim/slim.safetensors', import.meta.url);
const eight = new Uint8Array(8);
const f32 = (shape: unknown, begin: unknown, end: unknown): unknown => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('parseSafetensors', () => {
  it('reads every kind, from unaligned data', () => {
    const view = new DataView(new ArrayBuffer(64));
    view.setUint8(0, 200);
    view.setFloat32(1, 1.5, true);
    view.setUint16(5, 0x3e00, true); // 1.5 in F16
    view.setUint16(7, 0x0001, true); // 2^-24
    view.setUint16(9, 0xbfc0, true); // -1.5 in BF16
    view.setFloat64(11, 0.1, true);
    view.setBigInt64(19, -(2n ** 60n), true);
    view.setInt32(27, -5, true);
    view.setInt16(31, -6, true);
    view.setInt8(33, -7);
    view.setUint16(34, 65535, true);
    view.setUint32(36, 4294967295, true);
    view.setUint8(40, 1);
    const spans: [string, string, number[], number, number][] = [
      ['u8', 'U8', [1], 0, 1],
      ['f32', 'F32', [], 1, 5],
      ['f16', 'F16', [2], 5, 9],
      ['bf16', 'BF16', [1, 1], 9, 11],
      ['f64', 'F64', [1], 11, 19],
      ['i64', 'I64', [1], 19, 27],
      ['i32', 'I32', [1], 27, 31],
      ['i16', 'I16', [1], 31, 33],
      ['i8', 'I8', [1], 33, 34],
      ['u16', 'U16', [1], 34, 36],
      ['u32', 'U32', [1], 36, 40],
      ['bool', 'BOOL', [1], 40, 41],
      ['empty', 'F32', [0, 3], 41, 41],
    ];
    const header = Object.fromEntries(
      spans.map(([name, dtype, shape, a, b]) => [name, { dtype, shape, data_offsets: [a, b] }]),
    );
    const file = safetensors({ __metadata__: { by: 'hand' }, ...header }, new Uint8Array(view.buffer, 0, 41));
    const { tensors, metadata, format } = parseSafetensors(file, 'x');
    expect(format).toBe('safetensors');
    expect(metadata).toEqual({ by: 'hand' });
    const wanted: Record<string, HostTensor> = {
      u8: { shape: [1], dtype: 'u8', data: Uint8Array.of(200) },
      f32: { shape: [], dtype: 'f32', data: Float32Array.of(1.5) },
      f16: { shape: [2], dtype: 'f32', data: Float32Array.of(1.5, 2 ** -24) },
      bf16: { shape: [1, 1], dtype: 'f32', data: Float32Array.of(-1.5) },
      f64: { shape: [1], dtype: 'f32', data: Float32Array.of(0.1) },
      i64: { shape: [1], dtype: 'i64', data: BigInt64Array.of(-(2n ** 60n)) },
      i32: { shape: [1], dtype: 'i32', data: Int32Array.of(-5) },
      i16: { shape: [1], dtype: 'i32', data: Int32Array.of(-6) },
      i8: { shape: [1], dtype: 'i32', data: Int32Array.of(-7) },
      u16: { shape: [1], dtype: 'i32', data: Int32Array.of(65535) },
      u32: { shape: [1], dtype: 'i64', data: BigInt64Array.of(4294967295n) },
      bool: { shape: [1], dtype: 'u8', data: Uint8Array.of(1) },
      empty: { shape: [0, 3], dtype: 'f32', data: new Float32Array(0) },
    };
    expect(Object.fromEntries(tensors)).toEqual(wanted);
  });

  it('decodes all 65,536 halves as IEEE 754 says', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const header = { h: { dtype: 'F16', shape: [65536], data_offsets: [0, 131072] } };
    const { data } = parseSafetensors(safetensors(header, new Uint8Array(bits.buffer)), 'x').tensors.get('h')!;
    for (let i = 0; i < 65536; i++) {
      const exponent = (i >> 10) & 31;
      const fraction = i & 1023;
      const sign = i & 0x8000 ? -1 : 1;
      const magnitude =
        exponent === 31
          ? fraction === 0
            ? Infinity
            : NaN
          : exponent === 0
            ? fraction * 2 ** -24
            : (1 + fraction / 1024) * 2 ** (exponent - 15);
      if (!Object.is(data[i], sign * magnitude)) {
        throw new Error(`half 0x${i.toString(16)} became ${data[i]}`);
      }
    }
  });

  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const hostile: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(), /0 bytes are too few/],
    ['7 bytes', new Uint8Array(7), /7 bytes are too few/],
    [
      'a header of 2^60 bytes',
      bytes(le(2n ** 60n, 8), '{}'),
      /header says it is 1152921504606846976 bytes long, but only 2 follow/,
    ],
    ['a header of 2^64 - 1 bytes', bytes(le(2n ** 64n - 1n, 8), '{}'), /18446744073709551615 bytes long/],
    ['a truncated header', safetensors({ a: f32([2], 0, 8) }, eight).subarray(0, 30), /bytes long, but only 22 follow/],
    [
      'truncated data',
      safetensors({ a: f32([2], 0, 8) }, eight.subarray(1)),
      /"a" has "data_offsets" up to byte 8, but the file holds only 7/,
    ],
    ['a header that is not JSON', safetensors('{"a":'), /header is not JSON/],
    ['a header that is not UTF-8', bytes(le(4, 8), '{"\xff}'), /header is not JSON/],
    ['an empty header', safetensors(''), /header is not JSON/],
    ['a header that is a list', safetensors('[]'), /not a JSON object/],
    ['a header of null', safetensors('null'), /not a JSON object/],
    ['deep nesting', safetensors(deep), /"a" is not described by an object/],
    ['a tensor that is a list', safetensors({ a: [] }), /"a" is not described by an object/],
    ['a tensor that is null', safetensors({ a: null }), /"a" is not described by an object/],
    ['no dtype', safetensors({ a: { shape: [2], data_offsets: [0, 8] } }, eight), /"a" has no "dtype"/],
    [
      'an unknown dtype',
      safetensors({ a: { dtype: 'F7', shape: [2], data_offsets: [0, 8] } }, eight),
      /dtype "F7", which is not read/,
    ],
    [
      'a dtype of Object.prototype',
      safetensors({ a: { dtype: 'toString', shape: [2], data_offsets: [0, 8] } }, eight),
      /dtype "toString"/,
    ],
    [
      'an 8-bit float',
      safetensors({ a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } }, eight),
      /convert the weights to F32, F16 or BF16/,
    ],
    ['no shape', safetensors({ a: { dtype: 'F32', data_offsets: [0, 8] } }, eight), /"shape" that is not a list/],
    ['a negative size', safetensors({ a: f32([-2], 0, 8) }, eight), /"shape" that is not a list of whole numbers/],
    ['a fractional size', safetensors({ a: f32([1.5], 0, 8) }, eight), /"shape" that is not a list of whole numbers/],
    [
      'a size that is a string',
      safetensors({ a: f32(['2'], 0, 8) }, eight),
      /"shape" that is not a list of whole numbers/,
    ],
    [
      'a size of 2^60',
      safetensors('{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,8]}}', eight),
      /"shape" that is not/,
    ],
    ['a shape that overflows', safetensors({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, eight), /too large to count/],
    ['a shape that overflows and is empty', safetensors({ a: f32([2 ** 40, 2 ** 40, 0], 0, 0) }), /too large to count/],
    ['a shape that wraps around in 64 bits', safetensors({ a: f32([2 ** 32, 2 ** 32], 0, 0) }), /too large to count/],
    [
      'one offset',
      safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [8] } }, eight),
      /"data_offsets" that are not two/,
    ],
    ['a negative offset', safetensors({ a: f32([2], -8, 0) }, eight), /"data_offsets" that are not two/],
    [
      'an offset of 2^60',
      safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1152921504606846976]}}', eight),
      /"data_offsets" that are not two/,
    ],
    ['offsets out of range', safetensors({ a: f32([4], 0, 16) }, eight), /up to byte 16, but the file holds only 8/],
    [
      'offsets that end before they begin',
      safetensors({ a: f32([2], 8, 0) }, eight),
      /end \(0\) before they begin \(8\)/,
    ],
    [
      'a shape that needs more',
      safetensors({ a: f32([3], 0, 8) }, eight),
      /"a" of shape \[3\] and dtype F32 needs 12 bytes, but its "data_offsets" span 8/,
    ],
    ['overlapping offsets', safetensors({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, eight), /"b" overlap those of "a"/],
    ['equal offsets', safetensors({ a: f32([2], 0, 8), b: f32([2], 0, 8) }, eight), /"b" overlap those of "a"/],
    [
      'a hole',
      safetensors({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, new Uint8Array(12)),
      /a hole of 4 bytes before tensor "b"/,
    ],
    ['a hole at the start', safetensors({ a: f32([1], 4, 8) }, eight), /a hole of 4 bytes before tensor "a"/],
    ['bytes left over', safetensors({ a: f32([1], 0, 4) }, eight), /4 bytes at the end belong to no tensor/],
    [
      'a name twice',
      safetensors(`{"a":${JSON.stringify(f32([1], 0, 4))},"\\u0061":${JSON.stringify(f32([1], 4, 8))}}`, eight),
      /names "a" twice/,
    ],
    [
      'a field twice',
      safetensors('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', eight),
      /names "dtype" twice/,
    ],
    ['a tensor __proto__', safetensors(`{"__proto__":${JSON.stringify(f32([2], 0, 8))}}`, eight), /key "__proto__"/],
    ['metadata with __proto__', safetensors('{"__metadata__":{"__pro\\u0074o__":"x"}}'), /key "__proto__"/],
    [
      'metadata that is a string',
      safetensors({ __metadata__: 'x' }),
      /__metadata__ of the safetensors header is not an object/,
    ],
    [
      'metadata with a number',
      safetensors({ __metadata__: { epochs: 3 } }),
      /__metadata__."epochs" of the safetensors header is not a string/,
    ],
    ['terminal escapes in a name', safetensors({ '\u001b[2J\u009b': 3 }), /"\\u001b\[2J\\u009b"/],
  ];
  it.each(hostile)('refuses %s', async (_, file, message) => {
    const found = await inputError(() => parseSafetensors(file, 'weights.safetensors'));
    expect(found).toMatch(/^weights\.safetensors: /);
    expect(found).toMatch(message);
  });

  it('names the first value that is not finite, by its bits', async () => {
    const broken = (values: number[]): Uint8Array =>
      writeSafetensors(
        new Map([
          ['fine', { shape: [1], dtype: 'f32', data: Float32Array.of(1) }],
          ['b', { shape: [2, 2], dtype: 'f32', data: Float32Array.from(values) }],
        ]),
      );
    const check = (values: number[]): Promise<string> =>
      inputError(() => checkFinite(parseSafetensors(broken(values), 'f')));
    expect(await check([0, 1, NaN, Infinity])).toMatch(/^f: tensor "b" of shape \[2,2\] holds NaN at index 2/);
    expect(await check([0, -Infinity, 2, NaN])).toMatch(/holds an infinity at index 1/);
    checkFinite(parseSafetensors(broken([3.4028234663852886e38, -0, 1e-45, 0]), 'f'));
  });
});

const tensorArbitrary: fc.Arbitrary<HostTensor> = fc
  .tuple(
    fc.array(fc.nat(4), { maxLength: 4 }),
    fc.constantFrom('f32', 'i64', 'i32', 'u8'),
    fc.infiniteStream(fc.maxSafeInteger()),
  )
  .map(([shape, dtype, values]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const numbers = Array.from({ length }, () => values.next().value as number);
    switch (dtype) {
      case 'f32':
        return { shape, dtype, data: new Float32Array(Uint32Array.from(numbers).buffer) };
      case 'i64':
        return { shape, dtype, data: BigInt64Array.from(numbers, BigInt) };
      case 'i32':
        return { shape, dtype, data: Int32Array.from(numbers) };
      default:
        return { shape, dtype: 'u8', data: Uint8Array.from(numbers) };
    }
  });

describe('writeSafetensors', () => {
  it('gives back every bit, name and metadata', () => {
    const names = fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((name) => name !== '__metadata__' && name !== '__proto__');
    const tensors = fc.array(fc.tuple(names, tensorArbitrary), { maxLength: 6 }).map((list) => new Map(list));
    const metadata = fc.dictionary(names, fc.string({ unit: 'binary' }), { noNullPrototype: true });
    fc.assert(
      fc.property(tensors, metadata, fc.nat(7), (map, meta, shift) => {
        const written = writeSafetensors(map, meta);
        // The file may lie anywhere in its buffer.
        const moved = new Uint8Array(written.length + shift).subarray(shift);
        moved.set(written);
        const read = parseSafetensors(moved, 'f');
        expect(read.metadata).toEqual(meta);
        expect(new Set(read.tensors.keys())).toEqual(new Set(map.keys()));
        for (const [name, { shape, dtype, data }] of map) {
          const back = read.tensors.get(name)!;
          expect([back.dtype, back.shape]).toEqual([dtype, shape]);
          expect(
            Buffer.from(back.data.buffer, back.data.byteOffset, back.data.byteLength).equals(Buffer.from(data.buffer)),
          ).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('aligns data and refuses what cannot be read back', () => {
    const file = writeSafetensors(
      new Map<string, HostTensor>([
        ['byte', { shape: [3], dtype: 'u8', data: Uint8Array.of(1, 2, 3) }],
        ['float', { shape: [1], dtype: 'f32', data: Float32Array.of(1) }],
      ]),
    );
    const headerSize = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(headerSize % 8).toBe(0);
    const header = JSON.parse(Buffer.from(file.subarray(8, 8 + headerSize)).toString());
    expect(header.float.data_offsets).toEqual([0, 4]);
    expect(header.byte.data_offsets).toEqual([4, 7]);
    const one: HostTensor = { shape: [2], dtype: 'f32', data: Float32Array.of(1) };
    expect(() => writeSafetensors(new Map([['a', one]]))).toThrow(/a has 1 elements/);
    expect(() => writeSafetensors(new Map([['__metadata__', { ...one, shape: [1] }]]))).toThrow(/may not be called/);
  });
});

describe.skipIf(!existsSync(slim))('slim.safetensors (skipped where ../shared/data/slim is absent)', () => {
  it('never crashes on flipped bytes of its header or a cut', async () => {
    const whole = new Uint8Array(readFileSync(slim));
    const headerEnd = 8 + Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(headerEnd - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(whole.length - 1), { freq: 3 }),
        async (flips, cut) => {
          for (const [at, mask] of flips) {
            whole[at] ^= mask;
          }
          try {
            const result = await neverCrashes(() => parseSafetensors(whole.subarray(0, cut ?? whole.length), 'slim'));
            refused += result === 'refused' ? 1 : 0;
            expect(cut === null || result === 'refused').toBe(true);
          } finally {
            for (const [at, mask] of flips) {
              whole[at] ^= mask;
            }
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
