import type { Graph, Tensor } from '../graph/graph';
import { concat, slice } from '../kernels/copy';
import { appendObjects } from '../kernels/detection/append_objects';
import { encodeBoxes } from '../kernels/detection/encode_boxes';
import { gatherAnchors } from '../kernels/detection/gather_anchors';
import { maskTargets } from '../kernels/detection/mask_targets';
import { matchBoxes } from '../kernels/detection/match_boxes';
import { sampleBalanced } from '../kernels/detection/sample_balanced';
import { sampleClasses } from '../kernels/detection/sample_classes';
import { gatherRows } from '../kernels/lists';
import { boxLoss } from '../kernels/losses/box_loss';
import { classLoss } from '../kernels/losses/class_loss';
import { maskLoss } from '../kernels/losses/mask_loss';
import { meanOverImages } from '../kernels/losses/mean_over_images';
import { objectnessLoss } from '../kernels/losses/objectness_loss';
import type { MaskRcnnConfig } from './config';
import { imagePyramid } from './pyramid';
import { maskLogits, predictBoxes } from './roi_heads';
import { regionProposals, rpnLevels, type ProposalLimits, type RpnLevel } from './rpn';
import type { TrainingImage } from './training_image';

/** How candidates are matched to objects, and how many of them are drawn from an image. */
export interface SamplingSettings {
  /** IoU from which on a candidate is positive. */
  readonly positiveIou: number;
  /** IoU below which it is negative. */
  readonly negativeIou: number;
  readonly samples: number;
  /** Positive samples at most, as a share of all. */
  readonly positiveShare: number;
}

export interface MaskRcnnTrainingSettings {
  readonly proposals: SamplingSettings & ProposalLimits;
  readonly regions: SamplingSettings;
  /** 'first' takes candidates in the order of their indices, to compare implementations. Default 'random'. */
  readonly choice?: 'random' | 'first';
}

/** The losses of Mask R-CNN, in the order in which they are listed everywhere. */
export const LOSSES = ['objectness', 'rpnBox', 'class', 'box', 'mask'] as const;
export type LossName = (typeof LOSSES)[number];

/** A candidate of which a crowd region covers this share is neither positive nor negative. */
const CROWD_SHARE = 0.5;

/** A sum of terms, and the number of samples that they come from. */
type SummedLoss = readonly [sum: Tensor, samples: Tensor];

/**
 * The losses of Mask R-CNN on a batch of images, as torchvision's maskrcnn_resnet50_fpn and its relatives in training (He
 * et al., "Mask R-CNN", 2017, section 3.1; Ren et al., "Faster R-CNN", 2015, section 3.1.2). Weights are shared by the
 * images, each of which has its part of the graph.
 *
 * @param images all padded to one size
 * @param random u32 [2], seed and step; null where the choice is 'first'
 * @returns f32 [1] each: means over the samples of all images
 */
export function maskRcnnLosses(
  graph: Graph,
  images: readonly TrainingImage[],
  random: Tensor | null,
  config: MaskRcnnConfig,
  settings: MaskRcnnTrainingSettings,
): Record<LossName, Tensor> {
  const perImage = images.map((image, i) => imageLosses(graph, image, { random, stream: i * 2 }, config, settings));
  const maskPixels = (2 * config.mask.poolSize) ** 2;
  const mean = (name: LossName): Tensor => {
    const sums = perImage.flatMap((losses) => losses[name]);
    const itemTerms = name === 'mask' ? maskPixels : 1;
    return graph.scope(`losses.${name}`, () => graph.apply(meanOverImages, sums, { itemTerms })[0]);
  };
  return Object.fromEntries(LOSSES.map((name) => [name, mean(name)])) as Record<LossName, Tensor>;
}

interface Draw {
  readonly random: Tensor | null;
  readonly stream: number;
}

function imageLosses(
  graph: Graph,
  image: TrainingImage,
  draw: Draw,
  config: MaskRcnnConfig,
  settings: MaskRcnnTrainingSettings,
): Record<LossName, SummedLoss> {
  const [, height, width] = image.image.spec.shape;
  const levels = imagePyramid(graph, image.image, config);
  const anchored = rpnLevels(graph, levels, [height, width], config);
  const proposals = regionProposals(graph, anchored, image.imageInfo, settings.proposals, config);
  const roiLevels = levels.slice(0, config.backbone.stages.length);
  return {
    ...proposalLosses(graph, anchored, image, draw, settings),
    ...regionLosses(graph, proposals, roiLevels, image, { ...draw, stream: draw.stream + 1 }, config, settings),
  };
}

interface Samples {
  readonly matches: Tensor;
  /** Indices of candidates, positive ones first. */
  readonly samples: Tensor;
  readonly count: Tensor;
  readonly positives: Tensor;
}

function drawSamples(
  graph: Graph,
  candidates: Tensor,
  { boxes, crowd }: TrainingImage,
  lowQuality: boolean,
  { random, stream }: Draw,
  { positiveIou, negativeIou, samples: size, positiveShare }: SamplingSettings,
  choice: 'random' | 'first',
): Samples {
  const matches = graph.apply1(matchBoxes, [candidates, boxes, crowd], {
    high: positiveIou,
    low: negativeIou,
    lowQuality,
    crowdShare: CROWD_SHARE,
  });
  const drawn = graph.apply(sampleBalanced, [matches, random], { size, positiveShare, choice, stream });
  const [samples, count, positives] = drawn;
  return { matches, samples, count, positives };
}

/** The RPN's losses: objectness of all sampled anchors, boxes of the positive ones. */
function proposalLosses(
  graph: Graph,
  levels: readonly RpnLevel[],
  image: TrainingImage,
  draw: Draw,
  { proposals, choice = 'random' }: MaskRcnnTrainingSettings,
): { objectness: SummedLoss; rpnBox: SummedLoss } {
  return graph.scope('rpn.losses', () => {
    const lists = levels.map(({ anchors }) => anchors);
    const anchors = graph.apply1(concat, lists, { axis: 0 });
    const { matches, samples, count, positives } = drawSamples(graph, anchors, image, true, draw, proposals, choice);
    const maps = levels.flatMap(({ logits, deltas }) => [logits, deltas]);
    const [logits, deltas] = graph.apply(gatherAnchors, [samples, count, ...maps], {});
    const targets = graph.apply1(encodeBoxes, [samples, count, anchors, matches, image.boxes], {
      weights: [1, 1, 1, 1],
    });
    return {
      objectness: [graph.apply1(objectnessLoss, [logits, count, positives], {}), count],
      rpnBox: [graph.apply1(boxLoss, [deltas, targets, positives, null], {}), count],
    };
  });
}

/** The losses of the box head on sampled proposals, and of the mask head on the positive ones. */
function regionLosses(
  graph: Graph,
  proposals: Tensor,
  features: readonly Tensor[],
  image: TrainingImage,
  draw: Draw,
  config: MaskRcnnConfig,
  { regions, choice = 'random' }: MaskRcnnTrainingSettings,
): { class: SummedLoss; box: SummedLoss; mask: SummedLoss } {
  const scope = 'roi_heads.samples';
  const drawn = graph.scope(scope, () => {
    const [boxes, count] = graph.apply(appendObjects, [proposals, image.boxes, image.crowd], {});
    const candidates = graph.withCount(boxes, count);
    return { candidates, ...drawSamples(graph, candidates, image, false, draw, regions, choice) };
  });
  const { candidates, matches, samples, count, positives } = drawn;
  const { boxes, labels, objects, targets } = graph.scope(scope, () => {
    const [classes, owners] = graph.apply(sampleClasses, [samples, count, matches, image.labels], {});
    const chosen = graph.apply1(gatherRows, [candidates, graph.withCount(samples, count)], {});
    return {
      boxes: graph.withCount(chosen, count),
      labels: classes,
      objects: owners,
      targets: graph.apply1(encodeBoxes, [samples, count, candidates, matches, image.boxes], {
        weights: config.box.coderWeights,
      }),
    };
  });
  const { logits, deltas } = predictBoxes(graph, boxes, features, config);
  const boxLosses = graph.scope('roi_heads.losses', () => ({
    class: [graph.apply1(classLoss, [logits, labels, count], {}), count] as const,
    box: [graph.apply1(boxLoss, [deltas, targets, positives, labels], {}), count] as const,
  }));

  const most = Math.max(1, Math.floor(regions.samples * regions.positiveShare));
  const positiveBoxes = graph.scope(scope, () =>
    graph.withCount(graph.apply1(slice, [boxes], { axis: 0, start: 0, end: most }), positives),
  );
  const masks = maskLogits(graph, positiveBoxes, features, config);
  const maskSum = graph.scope('roi_heads.losses', () => {
    const { placements, words, imageInfo } = image;
    const wanted = graph.apply1(maskTargets, [positiveBoxes, objects, positives, placements, words, imageInfo], {
      size: 2 * config.mask.poolSize,
    });
    return graph.apply1(maskLoss, [masks, wanted, labels, positives], {});
  });
  return { ...boxLosses, mask: [maskSum, positives] };
}
