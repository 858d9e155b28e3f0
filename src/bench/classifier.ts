import type { Graph } from '../graph/graph';
import { resnetClassifierGraph } from '../models/resnet_classifier';
import type { BenchModel } from './model';
import { networkModel, shapesOf } from './network';

const SIDE = 224;
const NORM_EPS = 1e-5;

/** torchvision's resnet50. It takes a normalised image. */
export const resnet50: BenchModel = networkModel({
  id: 'resnet50',
  title: 'ResNet-50 classifier, 224 x 224, batch 1',
  input: [3, SIDE, SIDE],
  graph: resnet50Graph,
});

/** Names and shapes of its parameters, as torchvision has them. */
export function resnet50Shapes(): Map<string, readonly number[]> {
  return shapesOf(resnet50Graph());
}

function resnet50Graph(): Graph {
  return resnetClassifierGraph({ name: 'resnet50', classes: 1000, normEps: NORM_EPS }, [1, SIDE, SIDE]);
}
