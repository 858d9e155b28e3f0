import { appendFileSync, closeSync, openSync } from 'node:fs';
import { writeError } from '../../data/file_error';

/**
 * A file that grows record by record. Each is handed to the system before `append` returns, so that a kill takes none that was
 * written.
 */
export class AppendFile {
  private constructor(
    readonly path: string,
    private handle: number | null,
  ) {}

  /**
   * @param keep what the file holds already
   * @throws InputError where it cannot be written
   */
  static open(path: string, keep: boolean): AppendFile {
    try {
      return new AppendFile(path, openSync(path, keep ? 'a' : 'w'));
    } catch (error) {
      throw writeError(error, path);
    }
  }

  append(content: string | Uint8Array): void {
    if (this.handle === null) {
      throw new Error(`${this.path} is closed`);
    }
    try {
      appendFileSync(this.handle, content);
    } catch (error) {
      throw writeError(error, this.path);
    }
  }

  close(): void {
    if (this.handle !== null) {
      closeSync(this.handle);
      this.handle = null;
    }
  }
}
