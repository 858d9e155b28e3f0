import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { readError } from '../file_error';
import { IMAGE_EXTENSIONS } from '../image_kind';

/** The image files directly in one folder, found by name with or without extension. */
export class ImageIndex {
  private readonly byStem = new Map<string, string[]>();

  private constructor(
    readonly folder: string,
    private readonly names: ReadonlySet<string>,
  ) {
    for (const name of names) {
      const stem = stemOf(name);
      this.byStem.set(stem, [...(this.byStem.get(stem) ?? []), name]);
    }
  }

  /** @throws InputError where the folder cannot be read */
  static async of(folder: string): Promise<ImageIndex> {
    try {
      const names = (await readdir(folder)).filter(isImageName);
      return new ImageIndex(folder, new Set(names.sort()));
    } catch (error) {
      throw readError(error, 'image folder', folder);
    }
  }

  /** The file of exactly this name, else the one that differs in its extension alone; undefined where none or several do. */
  find(name: string): string | undefined {
    if (this.names.has(name)) {
      return name;
    }
    const candidates = this.byStem.get(stemOf(name)) ?? [];
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

export function isImageName(name: string): boolean {
  return !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** The name without folder and, where it is one of an image, extension. */
export function stemOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  return isImageName(base) ? base.slice(0, base.length - extname(base).length) : base;
}
