import { createHash } from 'node:crypto';
import type { TrainingDataset } from './dataset';

/** Tells one training set from another, for a run that is to go on with its own. */
export interface DatasetIdentity {
  readonly images: number;
  readonly objects: number;
  /** Of the images' ids, sizes and numbers of objects, in their order; where files lie is not part of it. */
  readonly digest: string;
}

export function datasetIdentity({ images }: Pick<TrainingDataset, 'images'>): DatasetIdentity {
  const facts = images.map(({ id, width, height, objects }) => [id, width, height, objects]);
  return {
    images: images.length,
    objects: images.reduce((sum, image) => sum + image.objects, 0),
    digest: createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16),
  };
}
