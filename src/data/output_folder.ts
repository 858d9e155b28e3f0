import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors';
import { errorCode, writeError } from './file_error';
import { makeFolder } from './make_folder';
import { keepAtExit, removeAtExit } from './temporary';

export interface OutputFolderOptions {
  /** The folder may hold files: those of the same names are replaced at `commit`, all others stay. Default false. */
  readonly mayHoldFiles?: boolean;
}

/** A folder of files that appear at `commit`; until then they lie in a folder beside it. */
export class OutputFolder {
  private readonly names = new Set<string>();

  private constructor(
    readonly path: string,
    private readonly staging: string,
    private readonly files: string,
    private readonly mayHoldFiles: boolean,
  ) {}

  /** @throws InputError where `path` is a file, cannot be made, or holds anything though it may not */
  static async create(path: string, { mayHoldFiles = false }: OutputFolderOptions = {}): Promise<OutputFolder> {
    await requireFolder(path, mayHoldFiles);
    const target = resolve(path);
    try {
      await makeFolder(dirname(target));
      const staging = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
      removeAtExit(staging);
      // Others may not look into a folder by mkdtemp, so what becomes the user's lies within it.
      const files = join(staging, 'files');
      await mkdir(files);
      return new OutputFolder(path, staging, files, mayHoldFiles);
    } catch (error) {
      throw writeError(error, path);
    }
  }

  /** @param name relative to the folder, with / between the folders in it */
  async add(name: string, content: string | Uint8Array): Promise<void> {
    const path = join(this.files, name);
    try {
      await makeFolder(dirname(path));
      await writeFile(path, content);
    } catch (error) {
      throw writeError(error, join(this.path, name));
    }
    this.names.add(name);
  }

  async commit(): Promise<void> {
    await (this.mayHoldFiles ? this.moveFiles() : this.moveFolder());
    await this.abort();
  }

  /** Leaves nothing behind; without effect after `commit`. */
  async abort(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
    keepAtExit(this.staging);
  }

  private async moveFolder(): Promise<void> {
    const target = resolve(this.path);
    try {
      await rmdir(target).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') {
          throw error;
        }
      });
      await rename(this.files, target);
    } catch (error) {
      throw writeError(error, this.path);
    }
  }

  private async moveFiles(): Promise<void> {
    let path = this.path;
    try {
      await makeFolder(this.path);
      for (const name of this.names) {
        path = join(this.path, name);
        await makeFolder(dirname(path));
        await rename(join(this.files, name), path);
      }
    } catch (error) {
      throw writeError(error, path);
    }
  }
}

/** A folder, empty where it may not hold files, or nothing yet. */
async function requireFolder(path: string, mayHoldFiles: boolean): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(path);
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
  if (entries.length > 0 && !mayHoldFiles) {
    throw new InputError(`${path} already holds files: name a new or empty output folder`);
  }
}
