import type { Graph, Tensor } from '../graph/graph';
import { addNoise } from '../kernels/augment/add_noise';
import { blurImage } from '../kernels/augment/blur_image';
import { COLOUR_WORDS } from '../kernels/augment/colour_settings';
import { colourTables } from '../kernels/augment/colour_tables';
import { EFFECT_WORDS } from '../kernels/augment/effects';
import { GEOMETRY_WORDS } from '../kernels/augment/geometry';
import { keepObjects } from '../kernels/augment/keep_objects';
import { warpImage } from '../kernels/augment/warp_image';
import { warpMasks } from '../kernels/augment/warp_masks';
import { gatherRows } from '../kernels/lists';
import { dense } from '../kernels/tensor';
import type { MaskRcnnConfig } from './config';
import type { TrainingImage } from './training_image';

/** Room for one image of a training graph. */
export interface TrainingInputShape {
  /** Of the model's image, in pixels. */
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  /** Bytes of the source image's 8-bit RGB. */
  readonly pixelBytes: number;
  readonly objects: number;
  /** Words of the source image's masks, and of those of the model's image. */
  readonly sourceWords: number;
  readonly words: number;
  /** Whether colours may change, and blur and noise be added. */
  readonly colours: boolean;
}

/**
 * Adds to a graph the inputs of one image with its objects, and the ops that give both the shape that the model is trained
 * on. Values of the inputs come from augmentSample() (src/train/augment/plan.ts).
 *
 * Inputs, each with `name` before it: `pixels` u32 (8-bit RGB rows), `imageInfo` u32 [4], `geometry` (packGeometry()), `count`
 * u32 [1] of the objects, and of each object `boxes` f32 [G, 4] in the model's image, `labels` and `crowd` u32 [G], `sources`
 * and `targets` u32 [G, 5]; `words` u32, the bits of the source masks; with `colours` also `colourChange` and `effects`.
 */
export function trainingInputs(
  graph: Graph,
  name: string,
  shape: TrainingInputShape,
  image: MaskRcnnConfig['image'],
): TrainingImage {
  const words = (input: string, ...axes: number[]): Tensor => graph.input(`${name}${input}`, dense(axes, 'u32'));
  const { paddedHeight: height, paddedWidth: width, objects } = shape;
  const pixels = words('pixels', Math.ceil(shape.pixelBytes / 4));
  const imageInfo = words('imageInfo', 4);
  const geometry = words('geometry', GEOMETRY_WORDS);
  const count = words('count', 1);
  const boxes = graph.input(`${name}boxes`, dense([objects, 4]));
  const labels = words('labels', objects);
  const crowd = words('crowd', objects);
  const sources = words('sources', objects, 5);
  const targets = words('targets', objects, 5);
  const bits = words('words', shape.sourceWords);
  const normalisation = { mean: [...image.mean], std: [...image.std] };
  return graph.scope('transform', () => {
    const warp = (table: Tensor | null): Tensor =>
      graph.apply1(warpImage, [pixels, geometry, table], { height, width, ...normalisation });
    const recoloured = (): Tensor => {
      const change = words('colourChange', COLOUR_WORDS);
      const effects = words('effects', EFFECT_WORDS);
      const warped = warp(graph.apply1(colourTables, [pixels, geometry, change], {}));
      const blurred = graph.apply1(blurImage, [warped, geometry, effects], {});
      return graph.apply1(addNoise, [blurred, geometry, effects], normalisation);
    };
    const masks = [sources, targets, count, bits, geometry];
    const [warpedWords, extents] = graph.apply(warpMasks, masks, { words: shape.words });
    const remaining = [boxes, sources, count, extents, geometry];
    const [keptBoxes, indices, keptCount] = graph.apply(keepObjects, remaining, {});
    const kept = graph.withCount(indices, keptCount);
    const keptList = (list: Tensor): Tensor =>
      graph.view(graph.apply1(gatherRows, [graph.view(list, [objects, 1]), kept], {}), [objects]);
    return {
      image: shape.colours ? recoloured() : warp(null),
      imageInfo,
      boxes: graph.withCount(keptBoxes, keptCount),
      labels: keptList(labels),
      crowd: keptList(crowd),
      placements: graph.apply1(gatherRows, [targets, kept], {}),
      words: warpedWords,
    };
  });
}
