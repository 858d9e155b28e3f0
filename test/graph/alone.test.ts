import { expect, test } from 'vitest';
import { aloneInGraph } from '../../src/graph/alone';
import { Graph } from '../../src/graph/graph';
import { neededNodes } from '../../src/graph/lower';
import { accumulate } from '../../src/kernels/accumulate';
import { foldBatchNorm } from '../../src/kernels/batch_norm';
import { binary } from '../../src/kernels/elementwise';
import { linear } from '../../src/kernels/linear';
import { dense, featureMap } from '../../src/kernels/tensor';

test('weights stay parameters, counts come along, what is read twice is one input', () => {
  const graph = new Graph();
  const count = graph.input('n', dense([1], 'u32'));
  const x = graph.withCount(graph.input('x', featureMap([10, 8])), count);
  const weights = [graph.parameter('w', [6, 8]), graph.parameter('b', [6])];
  const y = graph.scope('head', () => graph.apply1(linear, [x, ...weights], { activation: 'none' }));
  graph.apply1(binary, [y, y], { function: 'mul', activation: 'none' });

  const [layer, product] = graph.nodes.map((node) => aloneInGraph(node));
  expect(layer.operands).toEqual([
    { name: 'input0', kind: 'input', input: 0, spec: featureMap([10, 8]) },
    { name: 'count0', kind: 'count', input: 0, spec: dense([1], 'u32') },
    { name: 'input1', kind: 'parameter', input: 1, spec: dense([6, 8]) },
    { name: 'input2', kind: 'parameter', input: 2, spec: dense([6]) },
  ]);
  expect(layer.node.op).toBe(linear);
  expect(layer.node.outputs[0].spec).toEqual(y.spec);
  expect(layer.node.outputs[0].count).toBeDefined();
  expect(neededNodes(layer.graph)).toEqual([layer.node]);

  expect(product.operands.map(({ name }) => name)).toEqual(['input0', 'count0']);
  expect(product.node.inputs[0]?.id).toBe(product.node.inputs[1]?.id);
});

test('what an op overwrites is a state; weights alone become inputs, so that there is something to run', () => {
  const graph = new Graph();
  const state = graph.state('sum', dense([4]));
  graph.apply(accumulate, [state, graph.input('x', dense([4])), null], {});
  const vectors = ['gain', 'bias', 'mean', 'variance'].map((name) => graph.parameter(name, [6]));
  graph.apply(foldBatchNorm, [graph.parameter('w', [6, 3, 1, 1]), null, ...vectors], { eps: 0 });

  const [sum, folded] = graph.nodes.map((node) => aloneInGraph(node));
  expect(sum.operands.map(({ kind }) => kind)).toEqual(['state', 'input']);
  expect(neededNodes(sum.graph)).toEqual([sum.node]);
  expect(folded.operands.map(({ kind }) => kind)).toEqual(Array(5).fill('input'));
  expect(folded.node.inputs[1]).toBeNull();
});
