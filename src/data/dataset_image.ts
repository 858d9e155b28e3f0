import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetImage } from '../eval/dataset';
import { InputError } from '../errors';
import { decodeImage, type RgbImage } from './image';

/**
 * Checks that a dataset's image files are there, before long work.
 * @param folder what `file_name` is relative to, as --images names it
 * @throws InputError that counts those missing and names the first
 */
export async function requireImageFiles(folder: string, images: readonly DatasetImage[]): Promise<void> {
  const unnamed = images.find(({ fileName }) => fileName === '');
  if (unnamed !== undefined) {
    throw new InputError(`image ${unnamed.id} has no "file_name" in the annotation file: add it, relative to --images`);
  }
  const missing = await missingImages(folder, images);
  if (missing.length > 0) {
    throw new InputError(
      `${missing.length} of ${images.length} image files are not in ${folder} (first: ${missing[0].fileName}): ` +
        '--images is the folder that file_name in the annotation file starts from',
    );
  }
}

/** The images whose files are not in `folder`. */
export async function missingImages(folder: string, images: readonly DatasetImage[]): Promise<DatasetImage[]> {
  const missing: DatasetImage[] = [];
  for (const image of images) {
    await access(join(folder, image.fileName)).catch(() => missing.push(image));
  }
  return missing;
}

/**
 * Decodes the file of a dataset's image.
 * @throws InputError where it cannot be read, or has another size than the dataset says
 */
export async function decodeDatasetImage(folder: string, { fileName, width, height }: DatasetImage): Promise<RgbImage> {
  const image = await decodeImage(join(folder, fileName));
  if (width > 0 && height > 0 && (image.width !== width || image.height !== height)) {
    throw new InputError(
      `${image.path} has ${image.width}x${image.height} pixels, the annotation file says ${width}x${height}: ` +
        'give the --images folder of this annotation file, or correct its width and height',
    );
  }
  return image;
}
