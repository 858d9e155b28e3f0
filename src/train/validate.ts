import { decodeImageOfSize } from '../data/dataset_image';
import type { ValidationDataset } from '../data/training/dataset';
import { evaluateCoco, type CocoType } from '../eval/coco_eval/evaluate';
import type { Prediction } from '../eval/dataset';
import { rleArea, rleFromString } from '../eval/rle';
import type { GpuDevice } from '../gpu/device';
import type { MaskRcnnConfig } from '../models/config';
import { Detector } from '../models/detector';

export interface ValidationOptions {
  /** Detections per image that count. */
  readonly maxDetections: number;
  /** Called after each image; true ends the validation early, without figures. */
  readonly onImage: (done: number, all: number) => boolean;
}

const TYPES: readonly CocoType[] = ['segm', 'bbox'];

/**
 * COCO's figures of a model on held-out images: `segm_AP`, `bbox_AP50` and so on, NaN where there is nothing to score.
 * @param weights by torchvision's names
 * @returns null where `onImage` ended it
 * @throws InputError for an image that cannot be read
 */
export async function validate(
  gpu: GpuDevice,
  config: MaskRcnnConfig,
  weights: ReadonlyMap<string, Float32Array>,
  { images, dataset, categoryIds }: ValidationDataset,
  { maxDetections, onImage }: ValidationOptions,
): Promise<Record<string, number> | null> {
  const detector = new Detector(gpu, config, weights);
  const predictions: Prediction[] = [];
  try {
    for (const [i, image] of images.entries()) {
      const { objects } = await detector.detect(await decodeImageOfSize(image.path, image));
      for (const { box, score, label, mask } of objects) {
        const [x1, y1, x2, y2] = box;
        const rle = rleFromString(mask.counts, image.height, image.width);
        predictions.push({
          imageId: image.id,
          categoryId: categoryIds[label - 1],
          score,
          box: [x1, y1, x2 - x1, y2 - y1],
          area: rleArea(rle),
          mask: rle,
        });
      }
      if (onImage(i + 1, images.length)) {
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
  return figures;
}
