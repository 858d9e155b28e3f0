import { expect, test } from 'vitest';
import {
  COLOUR_WORDS,
  packColourChange,
  SAME_COLOURS,
  type ColourChange,
} from '../../src/kernels/augment/colour_settings';
import { colourTables } from '../../src/kernels/augment/colour_tables';
import { packGeometry, plainGeometry } from '../../src/kernels/augment/geometry';
import { dense } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectSame } from '../helpers/compare';
import { fixtures } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';

interface Attributes {
  height: number;
  width: number;
  change: ColourChange;
}

const CASES = fixtures<Attributes>('augment_colours');

function words(values: Uint32Array): TestTensor {
  return { spec: dense([values.length], 'u32'), values };
}

/** The bytes with others behind them, which must not be counted. */
function pixelWords(bytes: ArrayLike<number>, rest: number): TestTensor {
  const padded = new Uint8Array(Math.ceil((bytes.length + rest) / 4) * 4).fill(200);
  padded.set(bytes);
  return words(new Uint32Array(padded.buffer));
}

async function tableOf(
  bytes: ArrayLike<number>,
  { height, width, change }: Attributes,
  { op = colourTables, rest = 0 } = {},
): Promise<ArrayLike<number>> {
  const geometry = packGeometry(plainGeometry({ height, width }, { height: 5, width: 5 }));
  const inputs = [pixelWords(bytes, rest), words(geometry), words(packColourChange(change))];
  const [table] = await runOp(op, inputs, {});
  return table.values;
}

test.each(CASES)('as Pillow: $name', async ({ name, attributes, inputs, outputs }) => {
  const bytes = inputs.pixels.data;
  const table = await tableOf(bytes, attributes);
  expectSame(
    Array.from(bytes, (value, i) => table[(i % 3) * 256 + value]),
    outputs.pixels.data,
    name,
  );
});

test.each(DEVICES)('an image of many workgroups, $device', async ({ changes }) => {
  const [height, width] = [301, 257];
  const bytes = Uint8Array.from(formula(height * width * 3, 12), (v) => Math.floor((v + 1) * 100));
  const change = { brightness: 1, contrast: 1, autocontrast: false, equalize: true };
  const table = await tableOf(bytes, { height, width, change }, { op: asOn(colourTables, changes), rest: 40 });
  // equalize by its definition, from the image's own histogram
  for (let channel = 0; channel < 3; channel++) {
    const counts = new Array<number>(256).fill(0);
    bytes.forEach((value, i) => {
      counts[value] += Number(i % 3 === channel);
    });
    const last = counts.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((height * width - last) / 255);
    let n = Math.floor(step / 2);
    const expected = counts.map((count) => {
      const value = Math.min(255, Math.floor(n / step));
      n += count;
      return value;
    });
    expectSame(Array.from(table).slice(channel * 256, channel * 256 + 256), expected, `channel ${channel}`);
  }
});

test('no change is none', async () => {
  const bytes = Uint8Array.from({ length: 30 }, (_, i) => i * 8);
  const table = await tableOf(bytes, { height: 2, width: 5, change: SAME_COLOURS });
  expectSame(
    table,
    Array.from({ length: 768 }, (_, i) => i % 256),
  );
});

test('wrong inputs are refused', () => {
  const [pixels, geometry] = [dense([9], 'u32'), dense([13], 'u32')];
  expect(() => colourTables.infer([dense([9]), geometry, dense([COLOUR_WORDS], 'u32')], {})).toThrow(
    /pixels must be u32/,
  );
  expect(() => colourTables.infer([pixels, dense([4], 'u32'), dense([COLOUR_WORDS], 'u32')], {})).toThrow(
    /the geometry/,
  );
  expect(() => colourTables.infer([pixels, geometry, dense([5], 'u32')], {})).toThrow(/the change/);
});
