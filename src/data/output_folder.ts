import { mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors';
import { errorCode, writeError } from './file_error';
import { makeFolder } from './make_folder';
import { keepAtExit, removeAtExit } from './temporary';

/** A new folder of files: it appears, whole, at `commit`; until then its files lie in a folder beside it. */
export class OutputFolder {
  private constructor(
    readonly path: string,
    private readonly staging: string,
  ) {}

  /** @throws InputError where `path` is a file, a folder that holds anything, or cannot be made */
  static async create(path: string): Promise<OutputFolder> {
    const target = resolve(path);
    await requireEmpty(target, path);
    try {
      await makeFolder(dirname(target));
      const staging = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
      removeAtExit(staging);
      return new OutputFolder(target, staging);
    } catch (error) {
      throw writeError(error, path);
    }
  }

  /** @param name relative to the folder, with / between the folders in it */
  async add(name: string, content: string | Uint8Array): Promise<void> {
    const path = join(this.staging, name);
    try {
      await makeFolder(dirname(path));
      await writeFile(path, content);
    } catch (error) {
      throw writeError(error, join(this.path, name));
    }
  }

  async commit(): Promise<void> {
    try {
      await rmdir(this.path).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') {
          throw error;
        }
      });
      await rename(this.staging, this.path);
    } catch (error) {
      throw writeError(error, this.path);
    }
    keepAtExit(this.staging);
  }

  /** Leaves nothing behind; without effect after `commit`. */
  async abort(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
    keepAtExit(this.staging);
  }
}

async function requireEmpty(target: string, path: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(target);
  } catch (error) {
    switch (errorCode(error)) {
      case 'ENOENT':
        return;
      case 'ENOTDIR':
        throw new InputError(`${path} is a file, but a folder is to be written: name another output folder`);
      default:
        throw writeError(error, path);
    }
  }
  if (entries.length > 0) {
    throw new InputError(`${path} already holds files: name a new or empty output folder`);
  }
}
