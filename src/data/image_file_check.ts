import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors';
import type { DatasetImage } from '../eval/dataset';
import { readError } from './file_error';
import type { Findings } from './findings';
import { readImageSize } from './image';

/**
 * Checks that the files of a dataset's images are there, can be read, and have the size that the dataset states.
 * Headers are read, pixels are not.
 * @param step is called after each image
 * @throws InputError where `folder` is no folder
 */
export async function checkImageFiles(
  folder: string,
  images: readonly DatasetImage[],
  findings: Findings,
  step: (fileName: string) => void,
): Promise<void> {
  await requireFolder(folder);
  for (const { fileName, width, height } of images) {
    if (fileName !== '') {
      await checkFile(join(folder, fileName), fileName, { width, height }, findings);
    }
    step(fileName);
  }
}

async function checkFile(
  path: string,
  fileName: string,
  stated: { readonly width: number; readonly height: number },
  findings: Findings,
): Promise<void> {
  try {
    await access(path);
  } catch {
    findings.problem('image files that are missing', fileName);
    return;
  }
  try {
    const { width, height } = await readImageSize(path);
    if (stated.width > 0 && (width !== stated.width || height !== stated.height)) {
      const turned = width === stated.height && height === stated.width ? ', width and height exchanged' : '';
      findings.problem(
        'image files of another size than stated',
        `${fileName}: ${width}x${height}, stated ${stated.width}x${stated.height}${turned}`,
      );
    }
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    findings.problem('image files that cannot be read', error.message);
  }
}

async function requireFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) {
      return;
    }
  } catch (error) {
    throw readError(error, 'image folder', folder);
  }
  throw new InputError(`--images ${folder} is a file: name the folder that holds the images`);
}
