import type { TrainConfig } from '../config/load';
import type { TrainingDataset, ValidationDataset } from '../data/training/dataset';

/** Sentences about images that hold more objects than the model is set to give. */
export function capacityRemarks(
  { model, validate }: Pick<TrainConfig, 'model' | 'validate'>,
  training: Pick<TrainingDataset, 'maxObjects'>,
  validation: Pick<ValidationDataset, 'dataset'> | null,
): string[] {
  const objects = Math.max(training.maxObjects, validation === null ? 0 : mostObjects(validation.dataset));
  const limits = {
    'model.rpn.post_nms_top_n': model.rpn.postNmsTopN,
    'model.box.detections_per_image': model.box.detectionsPerImage,
    'validate.max_detections': validate.maxDetections ?? Infinity,
  };
  return Object.entries(limits)
    .filter(([, limit]) => limit < objects)
    .map(([key, limit]) => `an image has ${objects} objects, and no more than ${limit} can be found: raise ${key}`);
}

function mostObjects({ annotations }: ValidationDataset['dataset']): number {
  const counts = new Map<number, number>();
  annotations.forEach(({ imageId }) => counts.set(imageId, (counts.get(imageId) ?? 0) + 1));
  return Math.max(0, ...counts.values());
}
