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

/** What the RPN says of one level. */
export interface RpnLevel {
  /** Objectness before the sigmoid, [1, H, W, A]. */
  readonly logits: Tensor;
  /** Box deltas, [1, H, W, A * 4]. */
  readonly deltas: Tensor;
  /** The anchors, dense [H * W * A, 4], in pixels of the resized image. */
  readonly anchors: Tensor;
}

/**
 * The RPN's head, shared by all levels (Ren et al., "Faster R-CNN", 2015, section 3.1), and their anchors.
 * @param features finest first, [1, H, W, C]
 */
export function rpnLevels(
  graph: Graph,
  features: readonly Tensor[],
  paddedSize: readonly [number, number],
  { rpn, anchors }: MaskRcnnConfig,
): RpnLevel[] {
  return features.map((feature, level) =>
    graph.scope(`rpn.level${level}`, () => {
      const shapes = cellAnchors(anchors.sizes[level], anchors.aspectRatios[level]);
      const [, height, width, channels] = feature.spec.shape;
      let x = feature;
      for (let i = 0; i < rpn.convs; i++) {
        x = conv(graph, x, `rpn.head.conv.${i}.0`, channels, 3, { padding: 1, activation: 'relu' });
      }
      return {
        logits: conv(graph, x, 'rpn.head.cls_logits', shapes.length, 1),
        deltas: conv(graph, x, 'rpn.head.bbox_pred', shapes.length * 4, 1),
        anchors: graph.apply1(anchorGrid, [], {
          height,
          width,
          stride: [Math.floor(paddedSize[0] / height), Math.floor(paddedSize[1] / width)],
          cellAnchors: shapes,
        }),
      };
    }),
  );
}

/** How many proposals go into the NMS of each level, and how many come out of all. */
export interface ProposalLimits {
  readonly preNmsTopN: number;
  readonly postNmsTopN: number;
}

/**
 * Region proposals of one image, as torchvision's RegionProposalNetwork: for each level the best anchors by objectness,
 * decoded, clipped, small ones dropped, NMS within the level, then the best of all levels. No gradient.
 * @param imageInfo u32 [4]
 * @returns boxes [postNmsTopN, 4] in pixels of the resized image, by descending objectness, with their count
 */
export function regionProposals(
  graph: Graph,
  levels: readonly RpnLevel[],
  imageInfo: Tensor,
  limits: ProposalLimits,
  { rpn }: MaskRcnnConfig,
): Tensor {
  const boxLists: Tensor[] = [];
  const scoreLists: Tensor[] = [];
  levels.forEach(({ logits, deltas, anchors }, level) =>
    graph.scope(`rpn.level${level}`, () => {
      const k = Math.min(limits.preNmsTopN, anchors.spec.shape[0]);
      const [scores, indices, counts] = graph.apply(topK, [graph.detach(logits)], { k, segments: 1 });
      const boxes = graph.apply1(decodeBoxes, [graph.detach(deltas), anchors, indices, counts, imageInfo], {
        weights: [1, 1, 1, 1],
        groupsPerRow: logits.spec.shape[3],
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
    const k = Math.min(limits.postNmsTopN, levels.length * capacity);
    const [, best, count] = graph.apply(topK, [kept], { k, segments: 1, above: LOWEST_SCORE });
    return graph.withCount(graph.apply1(gatherRows, [boxes, flat(graph, best, k, count)], {}), count);
  });
}

/** A list [1, k] as [k] with its count. */
export function flat(graph: Graph, list: Tensor, k: number, count: Tensor): Tensor {
  return graph.withCount(graph.view(list, [k]), count);
}
