import { expect, test } from 'vitest';
import { frozenBatchNorm } from '../../src/kernels/batch_norm';
import { binary } from '../../src/kernels/elementwise';
import type { Op } from '../../src/kernels/op';
import { avgPool2d, maxPool2d } from '../../src/kernels/pool';
import { resize, upsampleAdd } from '../../src/kernels/resize';
import { dense, featureMap, product } from '../../src/kernels/tensor';
import { expectSame } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { runOp, type TestTensor } from '../helpers/gpu';
import { unpad } from '../helpers/layouts';

// Wide maps are walked by rows on software adapters, narrow ones by vec4s: the fixtures are narrow. Every op here works
// on each channel by itself, so a wide map must give, bit for bit, what its channels give a few at a time.
const CHANNELS = 37;
const ONE: [number, number] = [1, 1];
const WINDOW = { kernel: [3, 3] as [number, number], stride: ONE, padding: ONE, ceilMode: false };

interface Case {
  readonly name: string;
  readonly run: (inputs: TestTensor[]) => Promise<{ spec: TestTensor['spec']; values: TestTensor['values'] }[]>;
  readonly shapes: readonly number[][];
}

function wide<A>(name: string, op: Op<A>, attributes: A, shapes: readonly number[][]): Case {
  return { name, shapes, run: (inputs) => runOp(op, inputs, attributes, { stored: true }) };
}

const map = (height: number, width: number): number[] => [2, height, width, CHANNELS];
const cases: Case[] = [
  wide('maxPool2d', maxPool2d, { ...WINDOW, dilation: ONE }, [map(17, 19)]),
  wide('avgPool2d', avgPool2d, { ...WINDOW, countIncludePad: false }, [map(17, 19)]),
  wide('resize nearest', resize, { size: [17, 19], mode: 'nearest' }, [map(7, 9)]),
  wide('resize bilinear', resize, { size: [17, 19], mode: 'bilinear' }, [map(7, 9)]),
  wide('upsampleAdd', upsampleAdd, {}, [map(9, 10), map(17, 19)]),
  wide('binary with one value a channel', binary, { function: 'sub', activation: 'none' }, [map(17, 19), [CHANNELS]]),
  wide('binary with one value a pixel', binary, { function: 'mul', activation: 'none' }, [map(17, 19), [2, 17, 19, 1]]),
  wide('frozenBatchNorm', frozenBatchNorm, { eps: 3 }, [map(17, 19), ...[1, 2, 3, 4].map(() => [CHANNELS])]),
];

/** Channels [from, to) of row-major values; tensors of one channel stay as they are. */
function channels(values: TestTensor['values'], total: number, from: number, to: number): Float32Array {
  const rows = values.length / total;
  return Float32Array.from({ length: rows * (to - from) }, (_, i) => {
    return values[Math.floor(i / (to - from)) * total + from + (i % (to - from))];
  });
}

function input(shape: readonly number[], values: TestTensor['values'], count?: number): TestTensor {
  const spec = shape.length === 1 ? dense(shape) : featureMap(shape);
  return count === undefined ? { spec, values } : { spec, values, count };
}

test.each(cases)('$name', async ({ name, run, shapes }) => {
  const values = shapes.map((shape, i) => formula(product(shape), i + 80));
  const inputs = shapes.map((shape, i) => input(shape, values[i]));
  const [whole] = await run(inputs);
  const found = unpad(whole.spec, whole.values, name);
  for (let from = 0; from < CHANNELS; from += 20) {
    const to = Math.min(from + 20, CHANNELS);
    const part = shapes.map((shape, i) => {
      const last = shape[shape.length - 1];
      return last === 1 ? inputs[i] : input([...shape.slice(0, -1), to - from], channels(values[i], last, from, to));
    });
    const [narrow] = await run(part);
    expectSame(channels(found, CHANNELS, from, to), unpad(narrow.spec, narrow.values, name), name);
  }

  const [counted] = await run(inputs.map((tensor, i) => (i === 0 ? { ...tensor, count: 1 } : tensor)));
  const length = product(whole.spec.shape) / 2;
  const first = unpad(whole.spec, whole.values).slice(0, length);
  expect(counted.spec).toEqual(whole.spec);
  const half = { ...counted.spec, shape: [1, ...counted.spec.shape.slice(1)] };
  expectSame(unpad(half, counted.values, name), first, `${name}, one item`);
});
