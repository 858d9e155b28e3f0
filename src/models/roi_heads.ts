import type { Graph, Tensor } from '../graph/graph';
import { decodeBoxes, rescaleBoxes } from '../kernels/boxes';
import { classMasks } from '../kernels/class_masks';
import { convTranspose2d } from '../kernels/conv_transpose2d';
import { concat, slice } from '../kernels/copy';
import { gatherRows, segmentLabels, sliceCount } from '../kernels/lists';
import { nms } from '../kernels/nms';
import { roiAlign } from '../kernels/roi_align';
import { softmax } from '../kernels/softmax';
import { byteLength, featureMap } from '../kernels/tensor';
import { topK } from '../kernels/top_k';
import type { MaskRcnnConfig } from './config';
import { conv, fullyConnected } from './layers';
import { flat, LOWEST_SCORE } from './rpn';

export interface Detections {
  /** [D, 4] in pixels of the resized image, by descending score, with the count. */
  readonly boxes: Tensor;
  readonly scores: Tensor;
  /** u32 [D], 1 is the first class. */
  readonly labels: Tensor;
  readonly count: Tensor;
  /** u32 [1]: how many there would be without the limit per image. */
  readonly available: Tensor;
}

/** Features of the boxes, [R, size, size, C]: RoIAlign over the levels that the RoI heads see. */
function pool(
  graph: Graph,
  boxes: Tensor,
  features: readonly Tensor[],
  { poolSize, samplingRatio }: { readonly poolSize: number; readonly samplingRatio: number },
  { backbone }: MaskRcnnConfig,
): Tensor {
  return graph.apply1(roiAlign, [boxes, ...features], {
    outputSize: [poolSize, poolSize],
    samplingRatio,
    aligned: false,
    // stage 1 has stride 4
    scales: backbone.stages.map((stage) => 1 / (2 << stage)),
    canonicalSize: 224,
    canonicalLevel: 4,
  });
}

export interface BoxPredictions {
  /** Of each class, the background first, [R, classes]. */
  readonly logits: Tensor;
  /** By class, [R, classes * 4]. */
  readonly deltas: Tensor;
}

/** The box head: fully connected layers on the features of boxes in pixels of the resized image, [R, 4] with a count. */
export function predictBoxes(
  graph: Graph,
  boxes: Tensor,
  features: readonly Tensor[],
  config: MaskRcnnConfig,
): BoxPredictions {
  const { box, classes } = config;
  let x = graph.scope('roi_heads.box_roi_pool', () => pool(graph, boxes, features, box, config));
  box.hidden.forEach((width, i) => {
    x = fullyConnected(graph, x, `roi_heads.box_head.fc${i + 6}`, width, 'relu');
  });
  return {
    logits: fullyConnected(graph, x, 'roi_heads.box_predictor.cls_score', classes),
    deltas: fullyConnected(graph, x, 'roi_heads.box_predictor.bbox_pred', classes * 4),
  };
}

/**
 * The box head and what follows it in inference, as torchvision's RoIHeads: two fully connected layers, softmax, boxes by
 * class, score threshold, small boxes dropped, NMS within each class, the best of all classes.
 */
export function detectBoxes(
  graph: Graph,
  proposals: Tensor,
  features: readonly Tensor[],
  imageInfo: Tensor,
  config: MaskRcnnConfig,
): Detections {
  const { box, classes } = config;
  const { logits, deltas } = predictBoxes(graph, proposals, features, config);
  return graph.scope('roi_heads.detections', () => {
    const capacity = proposals.spec.shape[0];
    const probabilities = graph.apply1(softmax, [logits], {});
    const [scores, indices, counts] = graph.apply(topK, [probabilities], {
      k: capacity,
      segments: 'columns',
      firstColumn: 1,
      above: box.scoreThreshold,
    });
    const boxes = graph.apply1(decodeBoxes, [deltas, proposals, indices, counts, imageInfo], {
      weights: box.coderWeights,
      groupsPerRow: 1,
      segmentGroup: true,
    });
    const [kept] = graph.apply(nms, [boxes, scores, counts, null], {
      threshold: box.nmsThreshold,
      minSize: box.minSize,
    });
    const k = Math.min(box.detectionsPerImage, (classes - 1) * capacity);
    const [best, places, count, available] = graph.apply(topK, [kept], { k, segments: 1, above: LOWEST_SCORE });
    const chosen = flat(graph, places, k, count);
    return {
      boxes: graph.withCount(graph.apply1(gatherRows, [boxes, chosen], {}), count),
      scores: flat(graph, best, k, count),
      labels: graph.apply1(segmentLabels, [chosen], { segmentLength: capacity }),
      count,
      available,
    };
  });
}

const MASK_PREDICTOR = 'roi_heads.mask_predictor';
const MASK_LOGITS = `${MASK_PREDICTOR}.mask_fcn_logits`;
const MASK_SLICES = 'roi_heads.mask_slices';

/** The mask head up to its last layer, for the boxes [R, 4] with a count: [R, 2 * pool, 2 * pool, upsampleChannels]. */
function maskFeatures(graph: Graph, boxes: Tensor, features: readonly Tensor[], config: MaskRcnnConfig): Tensor {
  const { mask } = config;
  let x = graph.scope('roi_heads.mask_roi_pool', () => pool(graph, boxes, features, mask, config));
  mask.channels.forEach((channels, i) => {
    x = conv(graph, x, `roi_heads.mask_head.${i}.0`, channels, 3, { padding: 1, activation: 'relu' });
  });
  const name = `${MASK_PREDICTOR}.conv5_mask`;
  const upsample = graph.parameter(`${name}.weight`, [x.spec.shape[3], mask.upsampleChannels, 2, 2]);
  const bias = graph.parameter(`${name}.bias`, [mask.upsampleChannels]);
  return graph.scope(name, () =>
    graph.apply1(convTranspose2d, [x, upsample, bias], {
      stride: [2, 2],
      padding: [0, 0],
      outputPadding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      activation: 'relu',
    }),
  );
}

/** The mask head: logits of each class for the boxes [R, 4] with a count, [R, 2 * pool, 2 * pool, classes]. */
export function maskLogits(graph: Graph, boxes: Tensor, features: readonly Tensor[], config: MaskRcnnConfig): Tensor {
  return conv(graph, maskFeatures(graph, boxes, features, config), MASK_LOGITS, config.classes, 1);
}

/** The boxes that the mask head runs on, with their labels. */
type MaskedBoxes = Pick<Detections, 'boxes' | 'labels' | 'count'>;

/**
 * Bytes that a map of the mask head may take: the maxStorageBufferBindingSize that every WebGPU device has, since a graph does
 * not know its device.
 */
export const MAP_BYTES = 2 ** 27;

/**
 * The masks of the detected boxes: probabilities of each detection's own class, [D, 2 * pool, 2 * pool]. Of the last layer
 * only that class's channel is computed. Where a map of all detections would be larger than `mapBytes`, the head runs on
 * slices of them, one after the other.
 */
export function predictMasks(
  graph: Graph,
  detections: MaskedBoxes,
  features: readonly Tensor[],
  config: MaskRcnnConfig,
  mapBytes = MAP_BYTES,
): Tensor {
  const slices = sliceDetections(graph, detections, Math.floor(mapBytes / largestMap(config)));
  const masks = slices.map((part) => maskDetections(graph, part, features, config));
  return masks.length === 1
    ? masks[0]
    : graph.scope(MASK_SLICES, () => graph.withCount(graph.apply1(concat, masks, { axis: 0 }), detections.count));
}

/** Bytes of a detection in the largest map of the mask head. */
function largestMap({ fpn, mask }: MaskRcnnConfig): number {
  const { poolSize, channels, upsampleChannels } = mask;
  const pooled = featureMap([poolSize, poolSize, Math.max(fpn.channels, ...channels)]);
  const upsampled = featureMap([2 * poolSize, 2 * poolSize, upsampleChannels]);
  return Math.max(byteLength(pooled), byteLength(upsampled));
}

/** The detections in as few slices of at most `longest` (and of one, at least) as hold them, equally long but for the last. */
function sliceDetections(graph: Graph, detections: MaskedBoxes, longest: number): MaskedBoxes[] {
  const capacity = detections.boxes.spec.shape[0];
  const slices = Math.ceil(capacity / Math.max(1, longest));
  if (slices <= 1) {
    return [detections];
  }
  const length = Math.ceil(capacity / slices);
  return graph.scope(MASK_SLICES, () =>
    Array.from({ length: Math.ceil(capacity / length) }, (_, i) => {
      const [start, end] = [i * length, Math.min(capacity, (i + 1) * length)];
      const [boxes, labels] = [detections.boxes, detections.labels].map((list) =>
        graph.apply1(slice, [list], { axis: 0, start, end }),
      );
      const count = graph.apply1(sliceCount, [detections.count], { start, end });
      return { boxes: graph.withCount(boxes, count), labels, count };
    }),
  );
}

function maskDetections(
  graph: Graph,
  { boxes, labels, count }: MaskedBoxes,
  features: readonly Tensor[],
  config: MaskRcnnConfig,
): Tensor {
  const x = maskFeatures(graph, boxes, features, config);
  const weight = graph.parameter(`${MASK_LOGITS}.weight`, [config.classes, x.spec.shape[3], 1, 1]);
  const bias = graph.parameter(`${MASK_LOGITS}.bias`, [config.classes]);
  return graph.scope(MASK_LOGITS, () =>
    graph.withCount(graph.apply1(classMasks, [x, weight, bias, labels], {}), count),
  );
}

/** Boxes in pixels of the source image, with their count. */
export function sourceBoxes(graph: Graph, { boxes, count }: Detections, imageInfo: Tensor): Tensor {
  return graph.scope('roi_heads.source_boxes', () =>
    graph.withCount(graph.apply1(rescaleBoxes, [boxes, imageInfo], {}), count),
  );
}
