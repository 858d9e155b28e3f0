import { byScore } from '../eval/coco_eval/groups';
import type { CocoType } from '../eval/coco_eval/evaluate';
import type { Annotation, Dataset, DatasetImage, Prediction } from '../eval/dataset';
import { maskIouOnCpu } from '../eval/mask_iou';
import type { MatchCase } from '../eval/match_at_threshold';
import { outlinesOfRle } from '../eval/polygonise';
import { boxIou, type Rle, type XywhBox } from '../eval/rle';
import { LEAST_IOU } from './detection_data';

/** The annotations and predictions of one image, predictions highest score first (in the order of the file where equal). */
export interface ImageObjects {
  readonly image: DatasetImage;
  readonly annotations: readonly Annotation[];
  readonly predictions: readonly Prediction[];
}

/** In the order of the dataset's images. */
export function objectsByImage({ images, annotations }: Dataset, predictions: readonly Prediction[]): ImageObjects[] {
  const byImage = new Map(
    images.map((image) => [image.id, { image, annotations: [] as Annotation[], predictions: [] as Prediction[] }]),
  );
  for (const annotation of annotations) {
    byImage.get(annotation.imageId)?.annotations.push(annotation);
  }
  for (const prediction of predictions) {
    byImage.get(prediction.imageId)?.predictions.push(prediction);
  }
  for (const { predictions: found } of byImage.values()) {
    found.sort((a, b) => byScore(a.score, b.score));
  }
  return [...byImage.values()];
}

/** What matching needs to know of an image. @param categoryIds in the order that the page counts them by */
export function matchCaseOf(
  { annotations, predictions }: ImageObjects,
  type: CocoType,
  categoryIds: readonly number[],
): MatchCase {
  const indexOf = new Map(categoryIds.map((id, index) => [id, index]));
  const categoriesOf = (list: readonly { readonly categoryId: number }[]): number[] =>
    list.map(({ categoryId }) => indexOf.get(categoryId) ?? -1);
  const objects = {
    categories: categoriesOf(annotations),
    areas: annotations.map(({ area }) => area),
    crowds: annotations.map(({ isCrowd }) => Number(isCrowd)),
  };
  const detections = {
    categories: categoriesOf(predictions),
    areas: predictions.map(({ area }) => area),
    scores: predictions.map(({ score }) => score),
  };
  const pairs = predictions.map((): { object: number; iou: number }[] => []);
  for (const category of new Set(detections.categories)) {
    const d = indicesOf(detections.categories, category);
    const o = indicesOf(objects.categories, category);
    const ious = iouOf(
      d.map((i) => predictions[i]),
      o.map((i) => annotations[i]),
      type,
    );
    ious.forEach((iou, i) => {
      if (iou >= LEAST_IOU) {
        pairs[d[Math.floor(i / o.length)]].push({ object: o[i % o.length], iou });
      }
    });
  }
  const starts = [0];
  pairs.forEach((list, i) => starts.push(starts[i] + list.length));
  return {
    objects,
    detections,
    overlaps: {
      starts,
      objects: pairs.flat().map(({ object }) => object),
      ious: pairs.flat().map(({ iou }) => iou),
    },
  };
}

function indicesOf(list: readonly number[], value: number): number[] {
  return list.flatMap((one, index) => (one === value ? [index] : []));
}

function iouOf(predictions: readonly Prediction[], annotations: readonly Annotation[], type: CocoType): Float64Array {
  const crowd = annotations.map(({ isCrowd }) => isCrowd);
  if (type === 'bbox') {
    const boxes = (list: readonly { readonly box: XywhBox }[]): XywhBox[] => list.map(({ box }) => box);
    return boxIou(boxes(predictions), boxes(annotations), crowd);
  }
  const masks = (list: readonly { readonly mask?: Rle }[]): Rle[] => list.flatMap(({ mask }) => mask ?? []);
  return maskIouOnCpu([{ detections: masks(predictions), groundTruths: masks(annotations), crowd }])[0];
}

/**
 * What is drawn of an object, as rings x0, y0, x1, y1, … in pixels.
 * @param tolerance in pixels, by which the drawn line may leave the mask's edge
 */
export function ringsOf(
  { mask, box: [x, y, width, height] }: { readonly mask?: Rle; readonly box: XywhBox },
  type: CocoType,
  tolerance: number,
): number[][] {
  if (type === 'bbox' || mask === undefined) {
    const corners = [x, y, x + width, y, x + width, y + height, x, y + height];
    return [corners.map((value) => Math.round(value * 100) / 100)];
  }
  return outlinesOfRle(mask, { simplify: tolerance }).flatMap(({ outer, holes }) => [outer, ...holes]);
}
