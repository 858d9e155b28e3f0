import { expect, test } from 'vitest';
import { avgPool2d, maxPool2d } from '../../src/kernels/pool';
import { featureMap } from '../../src/kernels/tensor';
import { expectClose, toNhwc } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectGradients, runGradient } from '../helpers/gradient';
import { runOp } from '../helpers/gpu';
import { mapInput, unpad } from '../helpers/layouts';
import { map } from './gemm_cases';

interface Attributes {
  op: 'max' | 'average';
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
  ceilMode: boolean;
  countIncludePad: boolean;
}

test.each(fixtures<Attributes>('pool'))('$name', async ({ name, attributes, inputs, outputs }) => {
  const { op, ...window } = attributes;
  const x = mapInput(inputs.x);
  const [y] = await (op === 'max'
    ? runOp(maxPool2d, [x], window, { stored: true })
    : runOp(avgPool2d, [x], window, { stored: true }));
  const [n, c, h, w] = outputs.y.shape;
  expect(y.spec.shape).toEqual([n, h, w, c]);
  expectClose(unpad(y.spec, y.values, name), toNhwc(outputs.y.data as Float32Array, outputs.y.shape), 1e-5, name);
});

test.each(fixtures<Attributes>('pool'))('gradient: $name', async ({ name, attributes, inputs, outputs }) => {
  const { op, ...window } = attributes;
  const [x, weight] = [mapInput(inputs.x), map(outputs.y.shape, 9)];
  const gradients = await (op === 'max'
    ? runGradient(maxPool2d, [x], window, [weight], { stored: true })
    : runGradient(avgPool2d, [x], window, [weight], { stored: true }));
  expectGradients(gradients, ['x'], outputs, 1e-5, name);
});

test('only counted images are pooled', async () => {
  const x = { spec: featureMap([3, 2, 2, 4]), values: formula(48, 5), count: 2 };
  const [y] = await runOp(avgPool2d, [x], {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    ceilMode: false,
    countIncludePad: true,
  });
  const mean = (image: number, c: number): number =>
    [0, 1, 2, 3].reduce((sum, p) => sum + x.values[image * 16 + p * 4 + c] / 4, 0);
  const expected = [0, 1].flatMap((image) => [0, 1, 2, 3].map((c) => mean(image, c)));
  expectClose(y.values.slice(0, 8), expected, 1e-6);
});

test('a kernel larger than the padded input is refused', () => {
  const window = { kernel: [3, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1] } satisfies Partial<Attributes>;
  const map = featureMap([1, 2, 2, 4]);
  expect(() => maxPool2d.infer([map], { ...window, ceilMode: false })).toThrow(/smaller than the kernel/);
  expect(() => maxPool2d.infer([map], { ...window, padding: [2, 2], ceilMode: false })).toThrow(/half the kernel/);
});
