import { describe, expect, test } from 'vitest';
import type { Graph, Tensor } from '../../src/graph/graph';
import { appendObjects } from '../../src/kernels/detection/append_objects';
import { encodeBoxes } from '../../src/kernels/detection/encode_boxes';
import { matchBoxes, type MatchBoxesAttributes } from '../../src/kernels/detection/match_boxes';
import { sampleBalanced, type SampleBalancedAttributes } from '../../src/kernels/detection/sample_balanced';
import { sampleClasses } from '../../src/kernels/detection/sample_classes';
import { gatherRows } from '../../src/kernels/lists';
import { dense } from '../../src/kernels/tensor';
import { asOn, DEVICES } from '../helpers/capabilities';
import { expectClose, expectSame } from '../helpers/compare';
import { fixtures, type FixtureTensor } from '../helpers/fixtures';
import { formula } from '../helpers/formula';
import { runGraph, runOp, type TestTensor } from '../helpers/gpu';

type Case =
  | { kind: 'match'; op: MatchBoxesAttributes; objects: number; count: number | null }
  | { kind: 'rois'; size: number; share: number; weights: [number, number, number, number] };

const CASES = fixtures<Case>('detection_targets');

function boxes({ shape, data }: FixtureTensor, count: number | null): TestTensor {
  return { spec: dense(shape), values: data, ...(count === null ? {} : { count }) };
}

function list(values: ArrayLike<number>): TestTensor {
  return { spec: dense([values.length], 'u32'), values: Uint32Array.from(values) };
}

function matches(values: ArrayLike<number>): TestTensor {
  return { spec: dense([values.length], 'i32'), values: Int32Array.from(values) };
}

/** Rows of boxes that are past a count and must not be looked at. */
function withRest(tensor: TestTensor, rest: number): TestTensor {
  const [n] = tensor.spec.shape;
  const values = new Float32Array((n + rest) * 4);
  values.set(tensor.values);
  for (let i = n; i < n + rest; i++) {
    values.set([0, 0, 1000, 1000], i * 4);
  }
  return { spec: dense([n + rest, 4]), values, count: n };
}

describe.each(DEVICES)('matches, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of CASES) {
    if (attributes.kind === 'match') {
      test(name, async () => {
        const operands = [
          boxes(inputs.candidates, attributes.count),
          boxes(inputs.boxes, attributes.objects),
          list(inputs.crowd.data),
        ];
        const [found] = await runOp(asOn(matchBoxes, changes), operands, attributes.op);
        expectSame(found.values, outputs.matches.data, name);
      });
    }
  }
});

test('many candidates and objects, as by all pairs', async () => {
  const [n, g] = [6000, 700];
  const f = Math.fround;
  const random = (count: number, seed: number, side: number): Float32Array => {
    const values = formula(count * 4, seed);
    return values.map((v, i) => (i % 4 < 2 ? (v + 1) * 500 : (values[i - 2] + 1) * 500 + 1 + (v + 1) * side));
  };
  const candidates = random(n, 1, 30);
  const objects = random(g, 2, 20);
  // in the f32 operations of box_iou, one by one
  const area = (b: Float32Array, i: number): number => f(f(b[i + 2] - b[i]) * f(b[i + 3] - b[i + 1]));
  const iou = (o: number, c: number): number => {
    const x = f(Math.min(objects[o + 2], candidates[c + 2]) - Math.max(objects[o], candidates[c]));
    const y = f(Math.min(objects[o + 3], candidates[c + 3]) - Math.max(objects[o + 1], candidates[c + 1]));
    const shared = f(Math.max(x, 0) * Math.max(y, 0));
    return f(shared / f(f(area(objects, o) + area(candidates, c)) - shared));
  };
  const best = new Int32Array(n);
  const highest = new Float32Array(n);
  const ofObject = new Float32Array(g);
  for (let c = 0; c < n; c++) {
    for (let o = 0; o < g; o++) {
      const value = iou(o * 4, c * 4);
      ofObject[o] = Math.max(ofObject[o], value);
      if (value > highest[c]) {
        highest[c] = value;
        best[c] = o;
      }
    }
  }
  const expected = best.map((o, c) => (highest[c] >= 0.5 ? o : highest[c] < f(0.3) ? -1 : -2));
  for (let c = 0; c < n; c++) {
    for (let o = 0; o < g && expected[c] < 0; o++) {
      const value = iou(o * 4, c * 4);
      if (value > 0 && value === ofObject[o]) {
        expected[c] = best[c];
      }
    }
  }
  const inputs = [
    { spec: dense([n, 4]), values: candidates },
    { spec: dense([g, 4]), values: objects, count: g },
    list(new Uint32Array(g)),
  ];
  const attributes = { high: 0.5, low: 0.3, lowQuality: true, crowdShare: 0.5 };
  for (const { device, changes } of DEVICES) {
    const [found] = await runOp(asOn(matchBoxes, changes), inputs, attributes);
    expectSame(found.values, expected, device);
  }
});

describe.each(DEVICES.slice(0, 2))('samples, $device', ({ changes }) => {
  const op = asOn(sampleBalanced, changes);
  const first: SampleBalancedAttributes = { size: 8, positiveShare: 0.5, choice: 'first', stream: 0 };
  const found = matches([-1, 3, -2, 0, -1, -1, 2, 2, -2, 1, -1, 0, -1, -1]);

  test.each([
    ['as many as may be of each', found, 8, 0.5, [1, 3, 6, 7, 0, 4, 5, 10], 4],
    ['few positives', matches([-1, -1, 5, -1, -1, -1]), 4, 0.5, [2, 0, 1, 3], 1],
    ['few negatives', found, 14, 0.25, [1, 3, 6, 0, 4, 5, 10, 12, 13], 3],
    ['a share that is no whole number', found, 5, 0.5, [1, 3, 0, 4, 5], 2],
    ['no positives allowed', found, 3, 0, [0, 4, 5], 0],
    ['ignored ones only', matches([-2, -2, -2]), 4, 0.5, [], 0],
    ['no candidates', matches([]), 4, 0.5, [], 0],
  ])('the first: %s', async (_, candidates, size, positiveShare, expected, positives) => {
    const [samples, count, positive] = await runOp(op, [candidates, null], { ...first, size, positiveShare });
    expectSame(samples.values, [...expected, ...new Array<number>(size - expected.length).fill(0)]);
    expectSame(count.values, [expected.length]);
    expectSame(positive.values, [positives]);
  });

  test('at random: those of the largest words of Philox', async () => {
    const n = 3001;
    const candidates = matches(Array.from(formula(n, 5), (v) => (v < -0.5 ? -2 : v < 0.6 ? -1 : 7)));
    const keys = Array.from({ length: n }, (_, i) => philox([i >> 2, 41, 3, 0], [17, 0])[i & 3] >>> 2);
    const chosen = (kind: number): number[] =>
      Array.from(keys.keys())
        .filter((i) => candidates.values[i] === kind)
        .sort((a, b) => keys[b] - keys[a] || a - b);
    const attributes: SampleBalancedAttributes = { size: 256, positiveShare: 0.5, choice: 'random', stream: 3 };
    const [samples, count, positive] = await runOp(op, [candidates, list([17, 41])], attributes);
    expectSame(count.values, [256]);
    expectSame(positive.values, [128]);
    expectSame(samples.values, [...chosen(7).slice(0, 128), ...chosen(-1).slice(0, 128)]);
  });
});

test('random choices are uniform, and others for another seed, step or stream', async () => {
  const n = 1000;
  const candidates = matches(new Int32Array(n).fill(-1));
  const draw = async (seed: number, step: number, stream: number): Promise<number[]> => {
    const attributes: SampleBalancedAttributes = { size: 100, positiveShare: 0.5, choice: 'random', stream };
    const [samples] = await runOp(sampleBalanced, [candidates, list([seed, step])], attributes);
    expect(new Set(samples.values).size).toBe(100);
    return [...samples.values];
  };
  const draws = await Promise.all([
    ...Array.from({ length: 40 }, (_, step) => draw(1, step, 0)),
    draw(2, 0, 0),
    draw(1, 0, 1),
  ]);
  const [reference, ...others] = draws.map((values) => values.join());
  expect(others).not.toContain(reference);
  // 40 draws of 100 of 1000: 400 in each tenth, with a standard deviation below 20
  const tenths = new Array<number>(10).fill(0);
  draws.slice(0, 40).forEach((values) => values.forEach((i) => tenths[Math.floor(i / 100)]++));
  tenths.forEach((count) => expect(Math.abs(count - 400)).toBeLessThan(100));
});

/** Philox4x32-10 in exact integers. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  const word = (value: bigint): bigint => value & 0xffffffffn;
  let [a, b, c, d] = counter.map(BigInt);
  let [k, l] = key.map(BigInt);
  for (let turn = 0; turn < 10; turn++) {
    const [x, y] = [a * 0xd2511f53n, c * 0xcd9e8d57n];
    [a, b, c, d] = [(y >> 32n) ^ b ^ k, word(y), (x >> 32n) ^ d ^ l, word(x)];
    [k, l] = [word(k + 0x9e3779b9n), word(l + 0xbb67ae85n)];
  }
  return [a, b, c, d].map(Number);
}

test('the Philox of these tests gives the known answers of Random123', () => {
  const hex = (words: number[]): string => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

describe.each(DEVICES.slice(0, 2))('samples of proposals, $device', ({ changes }) => {
  for (const { name, attributes, inputs, outputs } of CASES) {
    if (attributes.kind === 'rois') {
      test(name, async () => {
        const { size, share, weights } = attributes;
        const [objects] = inputs.boxes.shape;
        const operands = [
          withRest(boxes(inputs.proposals, null), 5),
          withRest(boxes(inputs.boxes, null), 3),
          list(new Uint32Array(objects + 3)),
          list([...inputs.labels.data, 9, 9, 9]),
        ];
        const build = (graph: Graph, tensors: (Tensor | null)[]): Tensor[] => {
          const [proposals, truth, crowd, labels] = tensors as Tensor[];
          const [all, used] = graph.apply(asOn(appendObjects, changes), [proposals, truth, crowd], {});
          const candidates = graph.withCount(all, used);
          const found = graph.apply1(asOn(matchBoxes, changes), [candidates, truth, crowd], {
            high: 0.5,
            low: 0.5,
            lowQuality: false,
            crowdShare: 0.5,
          });
          const sampling: SampleBalancedAttributes = { size, positiveShare: share, choice: 'first', stream: 0 };
          const [samples, count, positive] = graph.apply(asOn(sampleBalanced, changes), [found, null], sampling);
          const chosen = graph.apply1(gatherRows, [candidates, graph.withCount(samples, count)], {});
          const classes = graph.apply(asOn(sampleClasses, changes), [samples, count, found, labels], {});
          const targets = graph.apply1(asOn(encodeBoxes, changes), [samples, count, candidates, found, truth], {
            weights,
          });
          return [count, positive, chosen, ...classes, targets];
        };
        const [count, positive, chosen, labels, matched, targets] = await runGraph(operands, build);
        const [total] = outputs.boxes.shape;
        const [positives] = outputs.targets.shape;
        expectSame(count.values, [total], 'count');
        expectSame(positive.values, [positives], 'positive');
        const padded = (data: ArrayLike<number>, length: number): number[] =>
          Array.from({ length }, (_, i) => data[i] ?? 0);
        expectSame(chosen.values, padded(outputs.boxes.data, size * 4), 'boxes');
        expectSame(labels.values, padded(outputs.labels.data, size), 'labels');
        expectSame(matched.values, padded(outputs.matched.data, size), 'objects');
        expectClose(targets.values, padded(outputs.targets.data, size * 4), 1e-5, 'targets');
      });
    }
  }
});

test('crowd regions are not among the candidates', async () => {
  const rows = (n: number, first: number): Float32Array => Float32Array.from({ length: n * 4 }, (_, i) => first + i);
  const [all, count] = await runOp(
    appendObjects,
    [
      { spec: dense([4, 4]), values: rows(4, 0), count: 2 },
      { spec: dense([5, 4]), values: rows(5, 100), count: 4 },
      list([1, 0, 1, 0, 0]),
    ],
    {},
  );
  const expected = new Float32Array(36);
  expected.set(rows(2, 0));
  expected.set(rows(1, 104), 8);
  expected.set(rows(1, 112), 12);
  expectSame(count.values, [4]);
  expectSame(all.values, expected);
});

test('what does not fit is refused', () => {
  const attributes = { high: 0.3, low: 0.5, lowQuality: false, crowdShare: 0.5 };
  const specs = [dense([3, 4]), dense([2, 4]), dense([2], 'u32')];
  expect(() => matchBoxes.infer(specs, attributes)).toThrow('in order');
  expect(() => matchBoxes.infer([dense([3, 5]), ...specs.slice(1)], { ...attributes, low: 0.3 })).toThrow('[n, 4]');
  const sampling: SampleBalancedAttributes = { size: 0, positiveShare: 0.5, choice: 'random', stream: 0 };
  expect(() => sampleBalanced.infer([dense([3], 'i32'), null], sampling)).toThrow('seed and step');
  expect(() => sampleBalanced.infer([dense([3], 'i32'), dense([2], 'u32')], sampling)).toThrow('not possible');
});
