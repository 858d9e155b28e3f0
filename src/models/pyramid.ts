import type { Graph, Tensor } from '../graph/graph';
import type { MaskRcnnConfig } from './config';
import { featurePyramid } from './fpn';
import { resnetStages } from './resnet';

/**
 * The features that the RPN and the RoI heads see: a ResNet body and its FPN.
 * @param image normalised, [1, H, W, 3]
 * @returns finest first, [1, H / stride, W / stride, C]; those of the body's stages, then the extra levels
 */
export function imagePyramid(graph: Graph, image: Tensor, { backbone, fpn }: MaskRcnnConfig): Tensor[] {
  const stages = resnetStages(graph, image, backbone.name, {
    prefix: 'backbone.body.',
    eps: backbone.normEps,
    lastStage: Math.max(...backbone.stages),
  });
  return featurePyramid(
    graph,
    backbone.stages.map((stage) => stages[stage - 1]),
    { prefix: 'backbone.fpn.', channels: fpn.channels, extraLevels: fpn.extraLevels },
  );
}
