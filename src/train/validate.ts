import { detectImages } from '../data/detect_images';
import type { ImageEntry, ValidationDataset } from '../data/training/dataset';
import { evaluateCoco, type CocoType } from '../eval/coco_eval/evaluate';
import type { Prediction } from '../eval/dataset';
import { rleArea, rleFromString } from '../eval/rle';
import type { GpuDevice } from '../gpu/device';
import type { VariantChooser } from '../graph/tuning';
import type { MaskRcnnConfig } from '../models/config';
import { Detector, type DetectedObject } from '../models/detector';
import type { NamedTensor } from './checkpoint';

export interface ValidationOptions {
  /** Detections per image that count. */
  readonly maxDetections: number;
  readonly tuner?: VariantChooser | undefined;
  /** Called after each image; true ends the validation early, without figures. */
  readonly onImage: (done: number, all: number) => boolean;
}

const TYPES: readonly CocoType[] = ['segm', 'bbox'];

export interface ValidationResult {
  /** COCO's: `segm_AP`, `bbox_AP50` and so on, NaN where there is nothing to score. */
  readonly figures: Record<string, number>;
  /** Images with more detections than the model gives of an image. */
  readonly saturated: number;
}

/**
 * How good a model is on held-out images.
 * @param weights by torchvision's names
 * @returns null where `onImage` ended it
 * @throws InputError for an image that cannot be read
 */
export async function validate(
  gpu: GpuDevice,
  config: MaskRcnnConfig,
  weights: ReadonlyMap<string, NamedTensor>,
  { images, dataset, categoryIds }: ValidationDataset,
  { maxDetections, tuner, onImage }: ValidationOptions,
): Promise<ValidationResult | null> {
  const values = new Map([...weights].map(([name, { data }]) => [name, data]));
  const detector = new Detector(gpu, config, values, { tuner });
  const predictions: Prediction[] = [];
  let [done, saturated] = [0, 0];
  try {
    for await (const { image, found } of detectImages(detector, images)) {
      predictions.push(...found.objects.map((object) => predictionOf(object, image, categoryIds)));
      saturated += found.available > found.objects.length ? 1 : 0;
      if (onImage(++done, images.length)) {
        return null;
      }
    }
  } finally {
    detector.release();
  }
  const maxDets = [1, 10, maxDetections].filter((value, i, all) => value <= maxDetections && all.indexOf(value) === i);
  const figures: Record<string, number> = {};
  for (const type of TYPES) {
    for (const [name, value] of Object.entries(evaluateCoco(dataset, predictions, { type, maxDets }).figures)) {
      figures[`${type}_${name}`] = value ?? NaN;
    }
  }
  return { figures, saturated };
}

function predictionOf(
  { box: [x1, y1, x2, y2], score, label, mask }: DetectedObject,
  { id, height, width }: ImageEntry,
  categoryIds: readonly number[],
): Prediction {
  const rle = rleFromString(mask.counts, height, width);
  return {
    imageId: id,
    categoryId: categoryIds[label - 1],
    score,
    box: [x1, y1, x2 - x1, y2 - y1],
    area: rleArea(rle),
    mask: rle,
  };
}
