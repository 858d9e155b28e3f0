import { expect, test } from 'vitest';
import { preprocessImage } from '../../src/kernels/image';
import { dense } from '../../src/kernels/tensor';
import { expectClose, expectSame, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp } from '../helpers/gpu';
import { unpad } from '../helpers/layouts';

interface Attributes {
  source: [number, number];
  resized: [number, number];
  padded: [number, number];
  mean: number[];
  std: number[];
  seed: number;
  /** Above 1, the output holds every step-th value in NHWC order. */
  step: number;
}

/** Bytes in words with room for more, which is filled: what lies behind an image must not matter. */
function words(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4 + 64).fill(255);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

test.each(fixtures<Attributes>('image'))('$name', async ({ name, attributes, outputs }) => {
  const { source, resized, padded, mean, std, seed, step } = attributes;
  const bytes = Uint8Array.from(formula(source[0] * source[1] * 3, seed), (v) => Math.floor((v + 1) * 128));
  const packed = words(bytes);
  const pixels = { spec: dense([packed.length], 'u32'), values: packed };
  const info = { spec: dense([4], 'u32'), values: new Uint32Array([...source, ...resized]) };
  const settings = { height: padded[0], width: padded[1], mean, std };
  const [y] = await runOp(preprocessImage, [pixels, info], settings, { stored: true });
  const values = unpad(y.spec, y.values, name);
  const expected = outputs.y.data as Float32Array;
  if (step > 1) {
    expectClose(
      values.filter((_, i) => i % step === 0),
      expected,
      1e-4,
      name,
    );
  } else {
    expectClose(values, toNhwc(expected, outputs.y.shape), 1e-4, name);
  }
});

test('a capacity without room to spare', async () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
  const pixels = { spec: dense([3], 'u32'), values: new Uint32Array(bytes.buffer) };
  const info = { spec: dense([4], 'u32'), values: new Uint32Array([2, 2, 2, 2]) };
  const settings = { height: 2, width: 2, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };
  const [y] = await runOp(preprocessImage, [pixels, info], settings);
  expectSame(y.values.map(Math.round), bytes);
});

test('wrong inputs are refused', () => {
  const settings = { height: 2, width: 2, mean: [0, 0, 0], std: [1, 1, 1] };
  expect(() => preprocessImage.infer([dense([3]), dense([4], 'u32')], settings)).toThrow(/u32/);
  expect(() => preprocessImage.infer([dense([3], 'u32'), dense([4], 'u32')], { ...settings, mean: [0] })).toThrow(
    /1 means/,
  );
});
