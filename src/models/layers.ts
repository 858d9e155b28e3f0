import type { Graph, Tensor } from '../graph/graph';
import type { Activation } from '../kernels/activation';
import { frozenBatchNorm } from '../kernels/batch_norm';
import { conv2d } from '../kernels/conv2d';
import { unary } from '../kernels/elementwise';
import { linear } from '../kernels/linear';

export interface ConvOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly activation?: Activation;
  readonly bias?: boolean;
}

/** The convolution `name`.weight [outputs, inputs, kernel, kernel], with `name`.bias unless told otherwise. */
export function conv(
  graph: Graph,
  x: Tensor,
  name: string,
  outputs: number,
  kernel: number,
  { stride = 1, padding = 0, activation = 'none', bias = true }: ConvOptions = {},
): Tensor {
  const inputs = x.spec.shape[3];
  const weight = graph.parameter(`${name}.weight`, [outputs, inputs, kernel, kernel]);
  const attributes = {
    stride: [stride, stride] as [number, number],
    padding: [padding, padding] as [number, number],
    dilation: [1, 1] as [number, number],
    groups: 1,
    activation,
  };
  const biasTensor = bias ? graph.parameter(`${name}.bias`, [outputs]) : null;
  return graph.scope(name, () => graph.apply1(conv2d, [x, weight, biasTensor, null], attributes));
}

/** A convolution without bias, and the frozen BatchNorm that follows it (the graph folds the two into one). */
export function convNorm(
  graph: Graph,
  x: Tensor,
  names: { readonly conv: string; readonly norm: string },
  outputs: number,
  kernel: number,
  { stride = 1, eps, relu = true }: { readonly stride?: number; readonly eps: number; readonly relu?: boolean },
): Tensor {
  const y = conv(graph, x, names.conv, outputs, kernel, { stride, padding: kernel >> 1, bias: false });
  const parameters = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    graph.parameter(`${names.norm}.${part}`, [outputs]),
  );
  return graph.scope(names.norm, () => {
    const normed = graph.apply1(frozenBatchNorm, [y, ...parameters], { eps });
    return relu ? graph.apply1(unary, [normed], { function: 'relu' }) : normed;
  });
}

/** The fully connected layer `name` over all axes of x but the first. */
export function fullyConnected(
  graph: Graph,
  x: Tensor,
  name: string,
  outputs: number,
  activation: Activation = 'none',
): Tensor {
  const inputs = x.spec.shape.slice(1).reduce((a, b) => a * b, 1);
  const weight = graph.parameter(`${name}.weight`, [outputs, inputs]);
  const bias = graph.parameter(`${name}.bias`, [outputs]);
  return graph.scope(name, () => graph.apply1(linear, [x, weight, bias], { activation }));
}
