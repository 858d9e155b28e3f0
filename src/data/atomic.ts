import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../errors';
import { writeError } from './file_error';
import { isFolder, makeFolder } from './make_folder';
import { keepAtExit, removeAtExit } from './temporary';

const BUFFERED_BYTES = 2 ** 18;

/**
 * A file written piece by piece under a temporary name beside its own, and renamed by `commit`: readers see the old
 * file or the whole new one. Missing folders are made. Errors of the file system become InputErrors where another
 * path mends them.
 */
export class AtomicFile {
  private pieces: string[] = [];
  private buffered = 0;

  private constructor(
    readonly path: string,
    private readonly temporary: string,
    private handle: FileHandle | null,
  ) {}

  static async create(path: string): Promise<AtomicFile> {
    // The process id keeps two runs into one folder apart.
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await makeFolder(dirname(path));
      if (await isFolder(path)) {
        throw new InputError(`${path} is a folder, but a file of that name is to be written: name another output`);
      }
      const handle = await open(temporary, 'w');
      removeAtExit(temporary);
      return new AtomicFile(path, temporary, handle);
    } catch (error) {
      throw writeError(error, path);
    }
  }

  /** Appends text; small pieces are gathered. */
  async write(text: string): Promise<void> {
    this.pieces.push(text);
    this.buffered += text.length;
    if (this.buffered >= BUFFERED_BYTES) {
      await this.flush();
    }
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.guarded((handle) => handle.writeFile(bytes));
  }

  /** Makes all that was written durable and closes; the file appears at `commit` only. */
  async close(): Promise<void> {
    await this.flush();
    await this.guarded(async (handle) => {
      await handle.sync();
      await handle.close();
      this.handle = null;
    });
  }

  async commit(): Promise<void> {
    if (this.handle !== null) {
      await this.close();
    }
    try {
      await rename(this.temporary, this.path);
      keepAtExit(this.temporary);
    } catch (error) {
      await this.abort();
      throw writeError(error, this.path);
    }
  }

  /** Removes the temporary file; the file of an earlier run stays as it was. */
  async abort(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
    keepAtExit(this.temporary);
  }

  private async flush(): Promise<void> {
    if (this.pieces.length === 0) {
      return;
    }
    const text = this.pieces.join('');
    this.pieces = [];
    this.buffered = 0;
    await this.guarded((handle) => handle.writeFile(text));
  }

  private async guarded(work: (handle: FileHandle) => Promise<void>): Promise<void> {
    if (this.handle === null) {
      throw new Error(`${this.path} is closed`);
    }
    try {
      await work(this.handle);
    } catch (error) {
      await this.abort();
      throw writeError(error, this.path);
    }
  }
}
