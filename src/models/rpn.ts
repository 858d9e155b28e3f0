import type { Graph, Tensor } from '../graph/graph';
import { anchorGrid, cellAnchors } from '../kernels/anchors';
import { decodeBoxes } from '../kernels/boxes';
import { gatherRows, stackLists } from '../kernels/lists';
import { nms } from '../kernels/nms';
import { topK } from '../kernels/top_k';
import type { MaskRcnnConfig } from './config';
import { conv } from './layers';

/** Below every score: nms marks what it drops with the lowest f32. */
export const LOWEST_SCORE = -3.4028234663852886e38;

interface RpnLevel {
  /** Objectness before the sigmoid, [1, H, W, A]. */
  readonly logits: Tensor;
  /** Box deltas, [1, H, W, A * 4]. */
  readonly deltas: Tensor;
}

/** The RPN's head, shared by all levels (Ren et al., "Faster R-CNN", 2015, section 3.1). */
function rpnHead(graph: Graph, feature: Tensor, convs: number, anchorsPerLocation: number): RpnLevel {
  const channels = feature.spec.shape[3];
  let x = feature;
  for (let i = 0; i < convs; i++) {
    x = conv(graph, x, `rpn.head.conv.${i}.0`, channels, 3, { padding: 1, activation: 'relu' });
  }
  return {
    logits: conv(graph, x, 'rpn.head.cls_logits', anchorsPerLocation, 1),
    deltas: conv(graph, x, 'rpn.head.bbox_pred', anchorsPerLocation * 4, 1),
  };
}

/**
 * Region proposals of one image in inference, as torchvision's RegionProposalNetwork: for each level the best anchors by
 * objectness, decoded, clipped, small ones dropped, NMS within the level, then the best of all levels.
 * @param features finest first, [1, H, W, C]
 * @param imageInfo u32 [4]
 * @returns boxes [postNmsTopN, 4] in pixels of the resized image, by descending objectness, with their count
 */
export function regionProposals(
  graph: Graph,
  features: readonly Tensor[],
  imageInfo: Tensor,
  paddedSize: readonly [number, number],
  config: MaskRcnnConfig,
): Tensor {
  const { rpn, anchors } = config;
  const boxLists: Tensor[] = [];
  const scoreLists: Tensor[] = [];
  features.forEach((feature, level) =>
    graph.scope(`rpn.level${level}`, () => {
      const shapes = cellAnchors(anchors.sizes[level], anchors.aspectRatios[level]);
      const perLocation = shapes.length;
      const { logits, deltas } = rpnHead(graph, feature, rpn.convs, perLocation);
      const [, height, width] = feature.spec.shape;
      const grid = graph.apply1(anchorGrid, [], {
        height,
        width,
        stride: [Math.floor(paddedSize[0] / height), Math.floor(paddedSize[1] / width)],
        cellAnchors: shapes,
      });
      const k = Math.min(rpn.preNmsTopN, height * width * perLocation);
      const [scores, indices, counts] = graph.apply(topK, [logits], { k, segments: 1 });
      const boxes = graph.apply1(decodeBoxes, [deltas, grid, indices, counts, imageInfo], {
        weights: [1, 1, 1, 1],
        groupsPerRow: perLocation,
        segmentGroup: false,
      });
      boxLists.push(boxes, counts);
      scoreLists.push(scores, counts);
    }),
  );
  return graph.scope('rpn.proposals', () => {
    const capacity = Math.max(...scoreLists.filter((_, i) => i % 2 === 0).map((scores) => scores.spec.shape[1]));
    const [boxes, counts] = graph.apply(stackLists, boxLists, { capacity });
    const [scores] = graph.apply(stackLists, scoreLists, { capacity });
    const [kept] = graph.apply(nms, [boxes, scores, counts, null], {
      threshold: rpn.nmsThreshold,
      minSize: rpn.minSize,
    });
    const k = Math.min(rpn.postNmsTopN, features.length * capacity);
    const [, best, count] = graph.apply(topK, [kept], { k, segments: 1, above: LOWEST_SCORE });
    return graph.withCount(graph.apply1(gatherRows, [boxes, flat(graph, best, k, count)], {}), count);
  });
}

/** A list [1, k] as [k] with its count. */
export function flat(graph: Graph, list: Tensor, k: number, count: Tensor): Tensor {
  return graph.withCount(graph.view(list, [k]), count);
}
