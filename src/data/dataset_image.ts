import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import type { DatasetImage } from '../eval/dataset';
import { readError } from './file_error';
import { decodeImage, type RgbImage } from './image';

/**
 * Checks that a dataset's image files are there, before long work.
 * @param folder what `file_name` is relative to
 * @param annotationPath the file that lists the images, for messages
 * @throws InputError that counts those missing and names the first ones
 */
export async function requireImageFiles(
  folder: string,
  images: readonly DatasetImage[],
  annotationPath: string,
): Promise<void> {
  const unnamed = images.find(({ fileName }) => fileName === '');
  if (unnamed !== undefined) {
    throw new InputError(`image ${unnamed.id} of ${annotationPath} has no "file_name": add it, relative to ${folder}`);
  }
  await requireImageFolder(folder);
  const missing = await missingImages(folder, images);
  if (missing.length > 0) {
    const names = missing.slice(0, 3).map(({ fileName }) => fileName);
    throw new InputError(
      `image folder ${folder} lacks ${missing.length} of ${images.length} images of ${annotationPath} ` +
        `(${names.join(', ')}${missing.length > 3 ? ', …' : ''}): name the folder that "file_name" starts from`,
    );
  }
}

/** @throws InputError for a path that is missing or no folder */
export async function requireImageFolder(folder: string): Promise<void> {
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new InputError(`image folder ${folder} is a file: name the folder that holds the images`);
    }
  } catch (error) {
    throw readError(error, 'image folder', folder);
  }
}

/** The images whose files are not in `folder`. */
export async function missingImages(folder: string, images: readonly DatasetImage[]): Promise<DatasetImage[]> {
  const isMissing = await Promise.all(
    images.map(({ fileName }) =>
      access(join(folder, fileName)).then(
        () => false,
        () => true,
      ),
    ),
  );
  return images.filter((_, i) => isMissing[i]);
}

type Size = Pick<DatasetImage, 'width' | 'height'>;

/** Decodes the file of a dataset's image, as `decodeImageOfSize` does. */
export async function decodeDatasetImage(folder: string, image: DatasetImage): Promise<RgbImage> {
  return decodeImageOfSize(join(folder, image.fileName), image);
}

/**
 * Decodes an image whose size an annotation file states; 0 where it does not.
 * @throws InputError where it cannot be read, or has another size
 */
export async function decodeImageOfSize(path: string, { width, height }: Size): Promise<RgbImage> {
  const image = await decodeImage(path);
  if (width > 0 && height > 0 && (image.width !== width || image.height !== height)) {
    throw new InputError(
      `${path} has ${image.width}x${image.height} pixels, the annotation file says ${width}x${height}: ` +
        'name the image folder of this annotation file, or correct its width and height',
    );
  }
  return image;
}
