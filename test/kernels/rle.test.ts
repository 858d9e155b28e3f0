import { expect, test } from 'vitest';
import { pasteMasks } from '../../src/kernels/masks';
import { pasteToRle, rleEncode } from '../../src/kernels/rle';
import { dense } from '../../src/kernels/tensor';
import { expectSame } from '../helpers/compare';
import { fixtures, type FixtureCase } from '../helpers/fixtures';
import { runOp, type HostValues, type TestTensor } from '../helpers/gpu';

interface PasteCase {
  readonly kind: 'paste';
  readonly threshold: number;
  readonly height: number;
  readonly width: number;
}

interface EncodeCase {
  readonly kind: 'encode';
  readonly height: number;
  readonly width: number;
}

const CASES = fixtures<PasteCase | EncodeCase>('rle');
const PASTES = CASES.filter((c): c is FixtureCase<PasteCase> => c.attributes.kind === 'paste');
const ENCODES = CASES.filter((c): c is FixtureCase<EncodeCase> => c.attributes.kind === 'encode');

interface Encoded {
  readonly chars: Uint8Array;
  readonly ends: HostValues;
  readonly areas: HostValues;
  readonly boundingBoxes: HostValues;
  readonly total: number;
}

async function encoded(run: Promise<{ values: HostValues }[]>): Promise<Encoded> {
  const [chars, ends, areas, boundingBoxes, total] = (await run).map(({ values }) => values);
  const bytes = new Uint8Array(chars.buffer, chars.byteOffset, chars.byteLength);
  return { chars: bytes, ends, areas, boundingBoxes, total: total[0] };
}

function pasteInputs({ inputs, attributes }: FixtureCase<PasteCase>, count?: number): TestTensor[] {
  const counted = count === undefined ? {} : { count };
  return [
    { spec: dense(inputs.masks.shape), values: inputs.masks.data, ...counted },
    { spec: dense(inputs.boxes.shape), values: inputs.boxes.data },
    { spec: dense([4], 'u32'), values: Uint32Array.of(attributes.height, attributes.width, 0, 0) },
  ];
}

function encodeInput({ inputs: { masks } }: FixtureCase<EncodeCase>): TestTensor {
  return { spec: dense(masks.shape, 'u32'), values: Uint32Array.from(masks.data) };
}

function expectEncoded(
  actual: Encoded,
  { name, outputs }: FixtureCase<unknown>,
  items = outputs.ends.data.length,
): void {
  const length = items > 0 ? outputs.ends.data[items - 1] : 0;
  expect(actual.total, `${name}: total`).toBe(length);
  expectSame(actual.ends.subarray(0, items), outputs.ends.data.subarray(0, items), `${name}: ends`);
  expectSame(actual.chars.subarray(0, length), outputs.chars.data.subarray(0, length), `${name}: chars`);
  expectSame(actual.areas.subarray(0, items), outputs.areas.data.subarray(0, items), `${name}: areas`);
  const boxes = outputs.bounding_boxes.data.subarray(0, items * 4);
  expectSame(actual.boundingBoxes.subarray(0, items * 4), boxes, `${name}: boxes`);
}

test.each(PASTES)('torchvision pasted, pycocotools encoded: $name', async (fixture) => {
  const { threshold } = fixture.attributes;
  const actual = await encoded(runOp(pasteToRle, pasteInputs(fixture), { threshold, capacityBytes: 1 << 16 }));
  expectEncoded(actual, fixture);
});

test.each(ENCODES)('pycocotools: $name', async (fixture) => {
  const actual = await encoded(runOp(rleEncode, [encodeInput(fixture)], { capacityBytes: 1 << 14 }));
  expectEncoded(actual, fixture);
});

test('masks that do not count have no string', async () => {
  const fixture = PASTES.find(({ name }) => name === 'over the borders') as FixtureCase<PasteCase>;
  const { threshold } = fixture.attributes;
  const items = fixture.inputs.masks.shape[0];
  for (const count of [0, 3]) {
    const actual = await encoded(runOp(pasteToRle, pasteInputs(fixture, count), { threshold, capacityBytes: 4096 }));
    expectEncoded(actual, fixture, count);
    expectSame(actual.ends.subarray(count), new Array<number>(items - count).fill(actual.total));
    expectSame(actual.areas.subarray(count), new Array<number>(items - count).fill(0));
  }
});

test('too small a capacity is told, and what fits is right', async () => {
  const fixture = PASTES.find(({ name }) => name === 'many') as FixtureCase<PasteCase>;
  const { threshold } = fixture.attributes;
  const { ends, chars } = fixture.outputs;
  const needed = ends.data[ends.data.length - 1];
  for (const capacityBytes of [4, 200, needed - (needed % 4)]) {
    const actual = await encoded(runOp(pasteToRle, pasteInputs(fixture), { threshold, capacityBytes }));
    expect(actual.total).toBe(needed);
    expectSame(actual.chars, chars.data.subarray(0, capacityBytes));
  }
});

test('more changes than there is memory for are told', async () => {
  const items = 24;
  const side = 28;
  const masks = new Float32Array(items * side * side).map((_, i) => (i + Math.floor(i / side)) % 2);
  const boxes = new Float32Array(items * 4).map((_, i) => (i % 4 < 2 ? 0 : 1000));
  const inputs: TestTensor[] = [
    { spec: dense([items, side, side]), values: masks },
    { spec: dense([items, 4]), values: boxes },
    { spec: dense([4], 'u32'), values: Uint32Array.of(1024, 1024, 0, 0) },
  ];
  let capacityBytes = 1024;
  const first = await encoded(runOp(pasteToRle, inputs, { threshold: 0.5, capacityBytes }));
  expect(first.total).toBeGreaterThan(65536);
  expect(first.total).toBeGreaterThan(capacityBytes);
  capacityBytes = Math.ceil(first.total / 4) * 4;
  const second = await encoded(runOp(pasteToRle, inputs, { threshold: 0.5, capacityBytes }));
  expect(second.total).toBeLessThanOrEqual(capacityBytes);
  const lengths = Array.from(second.ends, (end, i) => end - (i === 0 ? 0 : second.ends[i - 1]));
  expect(lengths).toEqual(new Array(items).fill(lengths[0]));
  expect(lengths[0]).toBeGreaterThan(1000);
});

const MODEST = PASTES.filter(({ attributes: { height, width } }) => height * width < 100_000);

test.each(MODEST)('pasted masks: $name', async (fixture) => {
  const { height, width, threshold } = fixture.attributes;
  const [pasted] = await runOp(pasteMasks, pasteInputs(fixture).slice(0, 2), { height, width, threshold });
  const actual = await encoded(
    runOp(rleEncode, [{ spec: pasted.spec, values: pasted.values }], { capacityBytes: 1 << 16 }),
  );
  expectEncoded(actual, fixture);
});
