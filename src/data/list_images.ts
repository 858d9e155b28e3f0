import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { InputError } from '../errors';
import { errorCode, readError } from './file_error';
import { IMAGE_EXTENSIONS } from './image_kind';

export interface ListedImage {
  /** 1, 2, 3 … in the order given. */
  readonly id: number;
  /** The file's name; with its path as given where two files have the same name. */
  readonly fileName: string;
  readonly path: string;
}

const naturalOrder = new Intl.Collator('en', { numeric: true });

/**
 * The images that `paths` name: files in the order given, and for a folder the images directly in it (by
 * `IMAGE_EXTENSIONS`, hidden files left out) in natural order of their names (2.png before 10.png).
 * @throws InputError for a path that does not exist and for a folder without images
 */
export async function listImages(paths: readonly string[]): Promise<ListedImage[]> {
  const files = (await Promise.all(paths.map(expand))).flat();
  if (files.length === 0) {
    throw new InputError('no image was named: give files or folders');
  }
  const uses = new Map<string, number>();
  for (const file of files) {
    uses.set(basename(file), (uses.get(basename(file)) ?? 0) + 1);
  }
  return files.map((path, i) => {
    const name = basename(path);
    return { id: i + 1, fileName: uses.get(name) === 1 ? name : path, path };
  });
}

async function expand(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return [path];
    }
    return await imagesIn(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && /[*?]/.test(path)) {
      throw new InputError(`no file matches ${path}: check the pattern, or name the folder`);
    }
    throw readError(error, 'image', path);
  }
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => IMAGE_EXTENSIONS.includes(extname(name).toLowerCase()))
    .sort((a, b) => naturalOrder.compare(a, b) || (a < b ? -1 : 1));
  if (names.length === 0) {
    const folders = entries.some((entry) => entry.isDirectory()) ? ' (folders in it are not searched)' : '';
    throw new InputError(
      `folder ${folder} holds no image named ${IMAGE_EXTENSIONS.join(', ')}${folders}: name another`,
    );
  }
  return names.map((name) => join(folder, name));
}
