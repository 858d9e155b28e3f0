import type { TrainConfig } from '../config/load';
import { InputError } from '../errors';

/** The annotation file and the image folder to learn from. @throws InputError where the configuration lacks one */
export function trainingFiles({ data }: Pick<TrainConfig, 'data'>): { annotations: string; images: string } {
  const { annotations, images } = data.train;
  if (annotations === null || images === null) {
    const [key, example] = annotations === null ? ['annotations', 'train.json'] : ['images', 'FOLDER'];
    throw new InputError(`data.train.${key} is not given: add --set data.train.${key}=${example}`);
  }
  return { annotations, images };
}
