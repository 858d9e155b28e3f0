import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keepAtExit, removeAtExit } from '../data/temporary';

/** Pictures that appear in DIR/overlay when all are done: until then they lie in a folder that `abort` removes. */
export class OverlayFolder {
  private readonly names: string[] = [];

  private constructor(
    readonly folder: string,
    private readonly staging: string,
  ) {}

  static async create(dir: string): Promise<OverlayFolder> {
    await mkdir(dir, { recursive: true });
    const staging = await mkdtemp(join(dir, '.overlay-'));
    removeAtExit(staging);
    return new OverlayFolder(join(dir, 'overlay'), staging);
  }

  async add(name: string, png: Uint8Array): Promise<void> {
    await writeFile(join(this.staging, name), png);
    this.names.push(name);
  }

  async finish(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of this.names) {
      await rename(join(this.staging, name), join(this.folder, name));
    }
    await this.abort();
  }

  async abort(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
    keepAtExit(this.staging);
  }
}
