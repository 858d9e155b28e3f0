import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeError } from './file_error';
import { makeFolder } from './make_folder';
import { keepAtExit, removeAtExit } from './temporary';

/**
 * Files that appear in a folder, beside what it holds, when all are done: until then they lie in a folder next to it that
 * `abort` removes. `OutputFolder` is for a folder that is to hold nothing else.
 */
export class StagedFiles {
  private readonly names: string[] = [];

  private constructor(
    readonly folder: string,
    private readonly staging: string,
  ) {}

  /** @throws InputError where the folder cannot be made or written */
  static async create(folder: string): Promise<StagedFiles> {
    try {
      await makeFolder(dirname(folder));
      const staging = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
      removeAtExit(staging);
      return new StagedFiles(folder, staging);
    } catch (error) {
      throw writeError(error, folder);
    }
  }

  /** @param name of the file, without folders */
  async add(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeFile(join(this.staging, name), bytes);
    } catch (error) {
      throw writeError(error, join(this.folder, name));
    }
    this.names.push(name);
  }

  /** Files of the same names are replaced, all others stay. */
  async finish(): Promise<void> {
    let path = this.folder;
    try {
      await makeFolder(this.folder);
      for (const name of this.names) {
        path = join(this.folder, name);
        await rename(join(this.staging, name), path);
      }
    } catch (error) {
      throw writeError(error, path);
    }
    await this.abort();
  }

  async abort(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
    keepAtExit(this.staging);
  }
}
