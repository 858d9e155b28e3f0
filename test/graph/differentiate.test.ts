import { describe, expect, test } from 'vitest';
import { backpropagate, differentiate } from '../../src/graph/differentiate';
import { Graph } from '../../src/graph/graph';
import { conv2d, type Conv2dAttributes } from '../../src/kernels/conv2d';
import { binary, unary } from '../../src/kernels/elementwise';
import type { Op } from '../../src/kernels/op';
import { sumColumns } from '../../src/kernels/reduce';
import { dense, featureMap } from '../../src/kernels/tensor';
import { expectClose } from '../helpers/compare';
import { formula } from '../helpers/formula';
import { runGraph } from '../helpers/gpu';

const opaque: Op<Record<string, never>> = {
  name: 'opaque',
  infer: ([x]) => [x!],
  forward: () => undefined,
};

const CONV: Conv2dAttributes = {
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 1,
  activation: 'none',
};

describe('differentiate', () => {
  test('a tensor that several nodes read has the sum of what they give', async () => {
    const values = formula(1, 1);
    // y = exp(x) * x + x, so dy = exp(x) (x + 1) + 1
    const [dx] = await runGraph([{ spec: dense([1]), values }], (graph, [x]) => {
      const e = graph.apply1(unary, [x], { function: 'exp' });
      const product = graph.apply1(binary, [e, x], { function: 'mul', activation: 'none' });
      const y = graph.apply1(binary, [product, x], { function: 'add', activation: 'none' });
      return differentiate(graph, y, [x!]);
    });
    expectClose(dx.values, [Math.exp(values[0]) * (values[0] + 1) + 1], 1e-6);
  });

  test('gradients pass views in the shape of what was viewed', async () => {
    const values = formula(6, 1);
    const [dx] = await runGraph(
      [
        { spec: dense([2, 3]), values },
        { spec: dense([6]), values: formula(6, 2) },
      ],
      (graph, [x, weight]) => {
        const flat = graph.view(x!, [6]);
        const square = graph.apply1(binary, [flat, graph.view(x!, [6])], { function: 'mul', activation: 'none' });
        return backpropagate(graph, [[square, weight!]], [x!]);
      },
    );
    expect(dx.spec.shape).toEqual([2, 3]);
    expectClose(
      dx.values,
      formula(6, 2).map((w, i) => 2 * w * values[i]),
      1e-6,
    );
  });

  test('no gradient flows through what is detached', async () => {
    const values = formula(4, 1);
    const [dx] = await runGraph([{ spec: dense([4]), values }], (graph, [x]) => {
      const y = graph.apply1(binary, [x, graph.detach(x!)], { function: 'mul', activation: 'none' });
      const ones = graph.apply1(binary, [x, x], { function: 'div', activation: 'none' });
      return backpropagate(graph, [[y, ones]], [x!]);
    });
    expectClose(dx.values, values, 1e-6);
  });

  test('the same values on every run, bit by bit', async () => {
    const inputs = [
      { spec: featureMap([2, 9, 9, 8]), values: formula(2 * 81 * 8, 1) },
      { spec: dense([8, 8, 3, 3]), values: formula(576, 2) },
    ];
    const run = () =>
      runGraph(inputs, (graph, [x, weight]) => {
        const y = graph.apply1(conv2d, [x, weight, null, null], CONV);
        return backpropagate(graph, [[y, y]], [x!, weight!]);
      });
    const [first, second] = [await run(), await run()];
    expect(first.map(({ values }) => values)).toEqual(second.map(({ values }) => values));
  });

  test('an op without a backward is named, with its place', () => {
    const graph = new Graph();
    const x = graph.input('x', dense([1]));
    const y = graph.scope('backbone.body', () => graph.apply1(opaque, [x], {}));
    expect(() => differentiate(graph, y, [x])).toThrow(/^backbone\.body: opaque has no backward/);
  });

  test('an op without a backward off the way to the targets does not matter', () => {
    const graph = new Graph();
    const [x, constant] = [graph.input('x', dense([1])), graph.input('constant', dense([1]))];
    const scale = graph.apply1(opaque, [constant], {});
    const y = graph.apply1(binary, [x, scale], { function: 'mul', activation: 'none' });
    expect(differentiate(graph, y, [x])).toHaveLength(1);
  });

  test('a target that the loss does not depend on is named', () => {
    const graph = new Graph();
    const [x, other] = [graph.input('x', dense([1])), graph.parameter('head.bias', [1])];
    const y = graph.apply1(unary, [x], { function: 'exp' });
    expect(() => differentiate(graph, y, [x, other])).toThrow(/does not depend on the parameter head\.bias/);
    expect(() => differentiate(graph, graph.input('pair', dense([2])), [x])).toThrow(/one f32 is needed/);
  });

  test('sums of columns: the parts of many rows, and of those in use', async () => {
    const [rows, columns] = [70_001, 3];
    const values = formula(rows * columns, 1);
    for (const count of [rows, 1000, 0]) {
      const [y] = await runGraph([{ spec: featureMap([rows, columns]), values, count }], (graph, [x]) =>
        graph.apply(sumColumns, [x], {}),
      );
      const expected = [0, 1, 2].map((column) => {
        let sum = 0;
        for (let row = 0; row < count; row++) {
          sum += values[row * columns + column];
        }
        return sum;
      });
      // of the sum of magnitudes, half a row's each
      y.values.forEach((value, column) => {
        expect(Math.abs(value - expected[column])).toBeLessThanOrEqual(1e-6 * Math.max(1, count / 2));
      });
    }
  });
});
