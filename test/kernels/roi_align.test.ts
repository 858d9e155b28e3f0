import { expect, test } from 'vitest';
import { levelAreas, roiAlign, type RoiAlignAttributes } from '../../src/kernels/roi_align';
import { dense, featureMap, pitch, product, rows } from '../../src/kernels/tensor';
import { expectClose, expectSame, toNchw, toNhwc } from '../helpers/compare';
import { fixtures, type FixtureCase } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { expectCentralDifferences, expectCounted, runGradient } from '../helpers/gradient';
import { runOp, type TestTensor } from '../helpers/gpu';
import { unpad } from '../helpers/layouts';
import { map } from './gemm_cases';

/** `maps`: shapes [1, C, H, W] of the levels, whose values are formula(…, seed). */
type Attributes = RoiAlignAttributes & { maps: number[][]; seeds: number[] };

function inputsOf({ attributes, inputs }: FixtureCase<Attributes>, count?: number): TestTensor[] {
  const { shape, data } = inputs.boxes;
  const maps = attributes.maps.map(([n, c, h, w], i): TestTensor => {
    const values = toNhwc(formula(n * c * h * w, attributes.seeds[i]), [n, c, h, w]);
    return { spec: featureMap([n, h, w, c]), values };
  });
  return [{ spec: dense(shape), values: data, ...(count === undefined ? {} : { count }) }, ...maps];
}

const CASES = fixtures<Attributes>('roi_align');

test.each(CASES)('torchvision: $name', async (fixture) => {
  const [y] = await runOp(roiAlign, inputsOf(fixture), fixture.attributes);
  expectClose(toNchw(y.values as Float32Array, y.spec.shape), fixture.outputs.y.data, 1e-4, fixture.name);
});

test.each(CASES)('gradient of torchvision: $name', async (fixture) => {
  const { attributes, outputs, name } = fixture;
  const weight = map(outputs.y.shape, 9);
  const gradients = await runGradient(roiAlign, inputsOf(fixture), attributes, [weight], { stored: true });
  gradients.slice(1).forEach((gradient, level) => {
    const shape = attributes.maps[level];
    const values = unpad(gradient!.spec, gradient!.values, name) as Float32Array;
    const actual = toNchw(values, gradient!.spec.shape);
    const expected = new Float32Array(product(shape));
    if ('d_map0' in outputs) {
      expected.set(outputs.d_map0.data);
    } else {
      outputs[`d_map${level}_places`].data.forEach((place, i) => {
        expected[place] = outputs[`d_map${level}_values`].data[i];
      });
    }
    expectClose(actual, expected, 1e-4, `${name}, level ${level}`);
  });
});

test.each([0, 3])('only %i items enter the gradient', async (count) => {
  const fixture = CASES.find(({ name }) => name === 'pyramid')!;
  const { attributes, outputs } = fixture;
  const weight = map(outputs.y.shape, 9);
  const itemwise = [0];
  await expectCounted(roiAlign, inputsOf(fixture), attributes, weight, count, itemwise, {});
});

test('the gradient of many channels by whole boxes', async () => {
  const attributes = { ...CASES[0].attributes, outputSize: [2, 3] as [number, number], scales: [0.5] };
  const inputs = [
    { spec: dense([2, 4]), values: Float32Array.of(3, 5, 40, 44, 10, 2, 20, 30) },
    { spec: featureMap([1, 20, 24, 256]), values: formula(20 * 24 * 256, 3) },
  ];
  // RoIAlign is linear in the map
  await expectCentralDifferences(roiAlign, inputs, attributes, 1e-3, { step: 0.5 });
});

test('padding of the channels is zero', async () => {
  const fixture = CASES.find(({ name }) => name === 'ratio 2 aligned false' || name === 'ratio 2 aligned False');
  expect(fixture).toBeDefined();
  const [y] = await runOp(roiAlign, inputsOf(fixture as FixtureCase<Attributes>), fixture!.attributes, {
    stored: true,
  });
  const stride = pitch(y.spec);
  expect(y.values.length).toBe(rows(y.spec) * stride);
  const padding = y.values.filter((_, i) => i % stride >= y.spec.shape[3]);
  expectSame(padding, new Float32Array(rows(y.spec) * 3));
});

test('only the items that count are pooled', async () => {
  const fixture = CASES.find(({ name }) => name === 'pyramid') as FixtureCase<Attributes>;
  const expected = fixture.outputs.y;
  for (const count of [0, 3, expected.shape[0]]) {
    const [y] = await runOp(roiAlign, inputsOf(fixture, count), fixture.attributes);
    const values = toNchw(y.values as Float32Array, y.spec.shape);
    const used = (expected.data.length / expected.shape[0]) * count;
    expectClose(values.subarray(0, used), expected.data.subarray(0, used), 1e-4, `count ${count}`);
  }
});

test('levels are those of torchvision to the last bit', () => {
  for (const { name, attributes, inputs, outputs } of CASES.filter(({ attributes: { scales } }) => scales.length > 1)) {
    const areas = levelAreas(attributes.scales, attributes.canonicalSize, attributes.canonicalLevel);
    const { data } = inputs.boxes;
    const actual: number[] = [];
    const expected: number[] = [];
    outputs.levels.data.forEach((level, i) => {
      const [x1, y1, x2, y2] = data.subarray(i * 4, i * 4 + 4);
      const area = Math.fround(Math.fround(x2 - x1) * Math.fround(y2 - y1));
      if (area >= 0) {
        actual.push(areas.filter((least) => area >= least).length);
        expected.push(level);
      }
    });
    expect(expected.length).toBeGreaterThan(0);
    expectSame(actual, expected, name);
  }
});

test('inputs that do not fit are refused', () => {
  const attributes = {
    outputSize: [7, 7] as [number, number],
    samplingRatio: 2,
    aligned: false,
    scales: [0.25],
    canonicalSize: 224,
    canonicalLevel: 4,
  };
  const map = featureMap([1, 8, 8, 4]);
  expect(() => roiAlign.infer([dense([3, 5]), map], attributes)).toThrow(/boxes are \[3, 5\]/);
  expect(() => roiAlign.infer([dense([3, 4]), map, map], attributes)).toThrow(/2 feature maps and 1 scales/);
  expect(() => roiAlign.infer([dense([3, 4]), featureMap([2, 8, 8, 4])], attributes)).toThrow(/feature maps are/);
  expect(() => levelAreas([1 / 4, 1 / 16], 224, 4)).toThrow(/do not halve/);
});
