import { describe, expect, test } from 'vitest';
import { classMasks } from '../../src/kernels/class_masks';
import { dense, featureMap } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, toNhwc } from '../helpers/compare';
import { fixtures, type FixtureCase } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';

/** x is formula(…, seed) in `shape`, [D, C, mh, mw]; weight and bias are formula() of the next seeds, times `gain`. */
interface Attributes {
  readonly shape: number[];
  readonly seed: number;
  readonly classes: number;
  readonly gain: number;
}

const CASES = fixtures<Attributes>('class_masks');
const ODD = CASES.find(({ name }) => name === 'odd sizes') as FixtureCase<Attributes>;
const ALL_DEVICES = [
  ...DEVICES,
  { device: 'software without subgroups', changes: { software: true, subgroupSize: 0 } },
];

function inputsOf({ attributes, inputs }: FixtureCase<Attributes>, count?: number): TestTensor[] {
  const { shape, seed, classes, gain } = attributes;
  const [n, c, h, w] = shape;
  const gained = (length: number, at: number): Float32Array => formula(length, at).map((value) => value * gain);
  const counted = count === undefined ? {} : { count };
  return [
    { spec: featureMap([n, h, w, c]), values: toNhwc(formula(n * c * h * w, seed), shape), ...counted },
    { spec: dense([classes, c, 1, 1]), values: gained(classes * c, seed + 1), parameter: true },
    { spec: dense([classes]), values: gained(classes, seed + 2), parameter: true },
    { spec: dense([n], 'u32'), values: Uint32Array.from(inputs.labels.data) },
  ];
}

describe.each(ALL_DEVICES)('on $device', ({ changes }) => {
  const op = asOn(classMasks, changes);

  test.each(CASES)('torchvision: $name', async (fixture) => {
    const [masks] = await runOp(op, inputsOf(fixture), {});
    expect(masks.spec.shape).toEqual([fixture.attributes.shape[0], ...fixture.attributes.shape.slice(2)]);
    expectClose(masks.values, fixture.outputs.masks.data, 1e-4, fixture.name);
  });

  test('only the detections that count are computed', async () => {
    const expected = ODD.outputs.masks.data;
    for (const count of [0, 2]) {
      const [masks] = await runOp(op, inputsOf(ODD, count), {});
      const used = (expected.length / ODD.attributes.shape[0]) * count;
      expectClose(masks.values.subarray(0, used), expected.subarray(0, used), 1e-4, `count ${count}`);
      // memory that nobody wrote is zero in a fresh buffer
      expect(masks.values.subarray(used).every((value) => value === 0)).toBe(true);
    }
  });
});

test('inputs that do not fit are refused', () => {
  const [x, weight, bias, labels] = [featureMap([3, 28, 28, 16]), dense([2, 16, 1, 1]), dense([2]), dense([3], 'u32')];
  const infer = (...inputs: (typeof x)[]): unknown => classMasks.infer(inputs, {});
  expect(infer(x, weight, bias, labels)).toEqual([dense([3, 28, 28])]);
  expect(() => infer(dense([3, 28, 28, 16]), weight, bias, labels)).toThrow(/x is \[3, 28, 28, 16\], .* is needed/);
  expect(() => infer(x, dense([2, 12, 1, 1]), bias, labels)).toThrow(/weight is .*\[2, 12, 1, 1\]/);
  expect(() => infer(x, dense([0, 16, 1, 1]), dense([0]), labels)).toThrow(/weight is .*\[0, 16, 1, 1\]/);
  expect(() => infer(x, weight, dense([3]), labels)).toThrow(/bias is .*\[3\]/);
  expect(() => infer(x, weight, bias, dense([3]))).toThrow(/labels is dense f32 \[3\]/);
  expect(() => infer(x, weight, bias, dense([2], 'u32'))).toThrow(/labels is dense u32 \[2\]/);
});
