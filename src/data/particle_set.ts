import { access, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../errors';
import type { Category, Dataset, DatasetImage, Prediction } from '../eval/dataset';
import type { LeftOut, Particle, ParticleChoice } from '../eval/particles';
import { measureParticles } from '../eval/particles';
import { readImageList } from './coco_lists';
import { readDataset } from './dataset_file';
import { readError } from './file_error';
import { isObject } from './json_fields';
import { readJsonFile } from './json_file';
import { readPredictions } from './prediction_file';
import type { Warnings } from './warnings';

export interface ParticleSetOptions extends ParticleChoice {
  /** Annotation file that lists the images (and classes) of the predictions. */
  readonly gt?: string;
  /** A list of images, as `engine infer` writes images.json. */
  readonly imagesJson?: string;
  /** Annotation file for a results list that neither these nor an images.json beside it explain. */
  readonly otherwiseGt?: string;
  /** The file's role, for messages; default "predictions". */
  readonly what?: string;
}

/** The measured objects of one file. */
export interface ParticleSet {
  readonly path: string;
  /** All known images, those without particles too; of an image that only the objects tell of, "" and its mask's size. */
  readonly images: readonly DatasetImage[];
  readonly categories: readonly Category[];
  /** By image, in the order of `images`. */
  readonly particles: readonly Particle[];
  readonly left: LeftOut;
  /** False where every object has the score 1, as annotations have. */
  readonly hasScores: boolean;
}

const WITHOUT_MASK = 'objects without a segmentation, left out';
const EMPTY = 'masks without a pixel, left out';

/**
 * Reads predictions, or annotations, and measures their masks. What the images are is told by `gt` or `imagesJson`; else
 * by the file itself, or for a results list by an images.json beside it.
 * @throws InputError for files that cannot be read, and for one of boxes without any mask
 */
export async function readParticleSet(
  path: string,
  warnings: Warnings,
  options: ParticleSetOptions = {},
): Promise<ParticleSet> {
  const { what = 'predictions' } = options;
  const against = await readListed(path, warnings, options);
  const { images, categories, predictions, kind } = await readPredictions(path, warnings, {
    masks: true,
    what,
    ...(against === undefined ? {} : { against }),
  });
  if (predictions.length > 0 && predictions.every(({ mask }) => mask === undefined)) {
    throw new InputError(
      `${what} ${path} holds boxes without masks, which have no shape: give a file with "segmentation" ` +
        '(predict.segm.json of `engine infer`)',
    );
  }
  const known = allImages(against?.images ?? images, predictions);
  const { particles, left } = measureParticles(predictions, known, options);
  for (const [kindOfWarning, indices] of [
    [WITHOUT_MASK, left.withoutMask],
    [EMPTY, left.empty],
  ] as const) {
    for (const index of indices) {
      warnings.add(kindOfWarning, `${kind === 'dataset' ? 'annotations' : ''}[${index}] of ${path}`);
    }
  }
  return {
    path,
    images: known,
    categories: categories.length > 0 ? categories : (against?.categories ?? []),
    particles,
    left,
    hasScores: predictions.some(({ score }) => score !== 1),
  };
}

/** What lists the images besides the file itself. */
async function readListed(
  path: string,
  warnings: Warnings,
  { gt, imagesJson, otherwiseGt, what = 'predictions' }: ParticleSetOptions,
): Promise<Dataset | undefined> {
  if (gt !== undefined) {
    return readDataset(gt, warnings, { imagesSuffice: true });
  }
  if (imagesJson !== undefined) {
    return imagesOnly(imagesJson);
  }
  if (!(await beginsAsList(path, what))) {
    return undefined;
  }
  const beside = join(dirname(path), 'images.json');
  if (await exists(beside)) {
    return imagesOnly(beside);
  }
  return otherwiseGt === undefined ? undefined : readDataset(otherwiseGt, warnings, { imagesSuffice: true });
}

async function imagesOnly(path: string): Promise<Dataset> {
  const what = 'list of images';
  const value = await readJsonFile(path, what);
  const file = isObject(value) ? value : { images: value };
  return { images: readImageList(file, `${what} ${path}`, { complete: false }), categories: [], annotations: [] };
}

/** Whether the JSON of a file is a list, by its first character. */
async function beginsAsList(path: string, what: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
      return /^\ufeff?\s*\[/.test(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(error, what, path);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The listed images and those that only objects tell of, with the sizes of masks where the list has none. */
function allImages(listed: readonly DatasetImage[], predictions: readonly Prediction[]): DatasetImage[] {
  const images = new Map(listed.map((image) => [image.id, image]));
  for (const { imageId, mask } of predictions) {
    const image = images.get(imageId) ?? { id: imageId, fileName: '', width: 0, height: 0 };
    const isUnsized = image.width === 0 || image.height === 0;
    images.set(imageId, mask !== undefined && isUnsized ? { ...image, width: mask.width, height: mask.height } : image);
  }
  return [...images.values()];
}

/** The image's file name, or "image ID" where none is known. */
export function imageName({ id, fileName }: Pick<DatasetImage, 'id' | 'fileName'>): string {
  return fileName === '' ? `image ${id}` : fileName;
}
