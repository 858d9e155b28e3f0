import { Graph } from '../graph/graph';
import { preprocessImage } from '../kernels/image';
import { pasteToRle } from '../kernels/rle';
import { dense } from '../kernels/tensor';
import type { MaskRcnnConfig } from './config';
import { imagePyramid } from './pyramid';
import { detectBoxes, MAP_BYTES, predictMasks, sourceBoxes } from './roi_heads';
import { regionProposals, rpnLevels } from './rpn';

export interface MaskRcnnShape {
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  /** Room for the source image's 8-bit RGB bytes. */
  readonly pixelBytes: number;
  /** Room for the masks' RLE strings. */
  readonly rleBytes: number;
}

/**
 * Mask R-CNN in inference (He et al., "Mask R-CNN", 2017) on one image, as torchvision's maskrcnn_resnet50_fpn and its
 * relatives, from the bytes of the image to COCO's RLE strings.
 *
 * Inputs: `pixels` (u32, packed 8-bit RGB rows of the source image) and `imageInfo` (u32 [4]: source height and width,
 * resized height and width). Outputs: `boxes` [D, 4] (x1, y1, x2, y2 in pixels of the source image), `scores` [D],
 * `labels` u32 [D], `count` u32 [1], `available` u32 [1] (detections before the limit), and of the masks `rle` (bytes of
 * all strings), `rleEnds` u32 [D] (where each string ends), `rleTotal` u32 [1] (bytes needed).
 * @param mapBytes what a map of the mask head may take, see predictMasks()
 */
export function maskRcnnGraph(config: MaskRcnnConfig, shape: MaskRcnnShape, mapBytes = MAP_BYTES): Graph {
  const graph = new Graph();
  const { paddedHeight: height, paddedWidth: width } = shape;
  const pixels = graph.input('pixels', dense([Math.ceil(shape.pixelBytes / 4)], 'u32'));
  const imageInfo = graph.input('imageInfo', dense([4], 'u32'));
  const image = graph.scope('transform', () =>
    graph.apply1(preprocessImage, [pixels, imageInfo], {
      height,
      width,
      mean: [...config.image.mean],
      std: [...config.image.std],
    }),
  );
  const levels = imagePyramid(graph, image, config);
  const anchored = rpnLevels(graph, levels, [height, width], config);
  const proposals = regionProposals(graph, anchored, imageInfo, config.rpn, config);
  const roiLevels = levels.slice(0, config.backbone.stages.length);
  const detections = detectBoxes(graph, proposals, roiLevels, imageInfo, config);
  const masks = predictMasks(graph, detections, roiLevels, config, mapBytes);
  const boxes = sourceBoxes(graph, detections, imageInfo);
  const [rle, rleEnds, , , rleTotal] = graph.scope('paste', () =>
    graph.apply(pasteToRle, [masks, boxes, imageInfo], {
      threshold: config.mask.threshold,
      capacityBytes: shape.rleBytes,
    }),
  );
  const { scores, labels, count, available } = detections;
  for (const [name, tensor] of Object.entries({ boxes, scores, labels, count, available, rle, rleEnds, rleTotal })) {
    graph.output(name, tensor);
  }
  return graph;
}
