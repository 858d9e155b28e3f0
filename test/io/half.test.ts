import { expect, test } from 'vitest';
import { decodeElements, halfBits } from '../../src/io/elements';
import { parseSafetensors, writeSafetensors } from '../../src/io/safetensors';

const finite = Uint16Array.from({ length: 0x7c00 }, (_, i) => i);
const halves = decodeElements('F16', new Uint8Array(finite.buffer), [finite.length]).data as Float32Array;

test('every finite half is its own nearest half', () => {
  halves.forEach((value, bits) => {
    expect(halfBits(value)).toBe(bits);
    expect(halfBits(-value)).toBe(bits | 0x8000);
  });
});

test('between two halves the nearer one is taken, in the middle the even one', () => {
  for (let bits = 0; bits < finite.length - 1; bits++) {
    const [low, high] = [halves[bits], halves[bits + 1]];
    const middle = (low + high) / 2;
    expect(halfBits(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
    expect(halfBits(middle - (high - low) / 64)).toBe(bits);
    expect(halfBits(middle + (high - low) / 64)).toBe(bits + 1);
  }
});

test('what is too large is infinite, and NaN stays NaN', () => {
  // 65504 is the largest; from the middle to what would follow on, numbers are infinite
  expect([65504, 65519.99, 65520, 1e10, -1e10, Infinity].map(halfBits)).toEqual([
    0x7bff, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7c00,
  ]);
  expect(halfBits(NaN) & 0x7fff).toBeGreaterThan(0x7c00);
});

test('a file of halves has the nearest halves, and leaves whole numbers as they are', () => {
  const data = Float32Array.of(1, 0.1, -3.14159, 1e-8, 70000);
  const file = writeSafetensors(
    new Map([
      ['whole', { shape: [1], dtype: 'i64', data: BigInt64Array.of(7n) }],
      ['weights', { shape: [5], dtype: 'f32', data }],
    ]),
    {},
    true,
  );
  const { tensors } = parseSafetensors(file, 'file');
  expect([...tensors.get('weights')!.data]).toEqual([1, 0.0999755859375, -3.140625, 0, Infinity]);
  expect([...tensors.get('whole')!.data]).toEqual([7n]);
});
