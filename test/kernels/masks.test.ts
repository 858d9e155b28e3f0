import { expect, test } from 'vitest';
import { pasteMasks, selectMasks } from '../../src/kernels/masks';
import { dense, featureMap } from '../../src/kernels/tensor';
import { expectClose, toNhwc } from '../helpers/compare';
import { fixtures, type FixtureCase } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';

/** Logits are formula(…, seed) * gain in `shape`, [D, C, mh, mw]. */
interface Attributes {
  readonly shape: number[];
  readonly seed: number;
  readonly gain: number;
}

const CASES = fixtures<Attributes>('masks');

function inputsOf({ attributes, inputs }: FixtureCase<Attributes>, count?: number): TestTensor[] {
  const [n, c, h, w] = attributes.shape;
  const logits = formula(n * c * h * w, attributes.seed).map((value) => value * attributes.gain);
  const counted = count === undefined ? {} : { count };
  return [
    { spec: featureMap([n, h, w, c]), values: toNhwc(logits, [n, c, h, w]), ...counted },
    { spec: dense([n], 'u32'), values: Uint32Array.from(inputs.labels.data) },
  ];
}

test.each(CASES)('torchvision: $name', async (fixture) => {
  const [masks] = await runOp(selectMasks, inputsOf(fixture), {});
  expect(masks.spec.shape).toEqual([fixture.attributes.shape[0], ...fixture.attributes.shape.slice(2)]);
  expectClose(masks.values, fixture.outputs.masks.data, 1e-4, fixture.name);
});

test('only the detections that count are selected', async () => {
  const fixture = CASES.find(({ name }) => name === 'odd sizes') as FixtureCase<Attributes>;
  const expected = fixture.outputs.masks.data;
  for (const count of [0, 2]) {
    const [masks] = await runOp(selectMasks, inputsOf(fixture, count), {});
    const used = (expected.length / fixture.attributes.shape[0]) * count;
    expectClose(masks.values.subarray(0, used), expected.subarray(0, used), 1e-4, `count ${count}`);
  }
});

test('inputs that do not fit are refused', () => {
  const logits = featureMap([3, 28, 28, 2]);
  expect(() => selectMasks.infer([logits, dense([3])], {})).toThrow(/labels are f32 \[3\]/);
  expect(() => selectMasks.infer([logits, dense([2], 'u32')], {})).toThrow(/labels are u32 \[2\]/);
  expect(() => selectMasks.infer([dense([3, 28, 28]), dense([3], 'u32')], {})).toThrow(/logits are/);
  const attributes = { threshold: 0.5, height: 8, width: 8 };
  expect(() => pasteMasks.infer([dense([3, 28, 28]), dense([2, 4])], attributes)).toThrow(/boxes are \[2, 4\]/);
});
