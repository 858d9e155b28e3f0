import { Graph } from '../graph/graph';
import { avgPool2d } from '../kernels/pool';
import { featureMap } from '../kernels/tensor';
import type { ResnetName } from './config';
import { fullyConnected } from './layers';
import { resnetStages } from './resnet';

const STAGES = 4;

export interface ResnetClassifierConfig {
  readonly name: ResnetName;
  readonly classes: number;
  /** eps of the BatchNorms: 1e-5 in torchvision. */
  readonly normEps: number;
}

/**
 * The ResNet image classifier (K. He et al., "Deep Residual Learning for Image Recognition", 2015) in inference, as
 * torchvision's resnet18 to resnet101 and under their names: body, global average pool, one fully connected layer.
 *
 * Input: `image`, the normalised images as a feature map [N, H, W, 3]. Output: `logits` [N, classes].
 * @throws ShapeError where the image is empty
 */
export function resnetClassifierGraph(
  { name, classes, normEps }: ResnetClassifierConfig,
  [images, height, width]: readonly [number, number, number],
): Graph {
  const graph = new Graph();
  const image = graph.input('image', featureMap([images, height, width, 3]));
  const stages = resnetStages(graph, image, name, { prefix: '', eps: normEps, lastStage: STAGES });
  const features = stages[STAGES - 1];
  const [, rows, columns] = features.spec.shape;
  const pooled = graph.scope('avgpool', () =>
    graph.apply1(avgPool2d, [features], {
      kernel: [rows, columns],
      stride: [1, 1],
      padding: [0, 0],
      ceilMode: false,
      countIncludePad: false,
    }),
  );
  graph.output('logits', fullyConnected(graph, pooled, 'fc', classes));
  return graph;
}
