import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { InputError } from '../../errors';
import { polygonsFromRle } from '../../eval/polygonise';
import { AtomicFile } from '../atomic';
import { objectOfMask } from '../convert/convertible';
import { readError } from '../file_error';
import { encodeGreyPng } from '../image';
import { OutputFolder } from '../output_folder';
import { renderScene, type RenderedScene } from './render';
import type { SceneOptions } from './scene';

export interface SceneSet {
  readonly scene: SceneOptions;
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Numbers of scenes for training and, held out, for validation; 0 for no such part. */
  readonly images: number;
  readonly val: number;
  readonly format: 'png' | 'jpg';
}

/** What was written of one part of a set. */
export interface WrittenScenes {
  readonly images: number;
  readonly particles: number;
  /** Annotation files; their file names are relative to the folder `images`. */
  readonly rle: string;
  readonly polygons: string;
}

/** The part of a set that an annotation file stands for. */
interface Part {
  readonly count: number;
  /** Number of its first scene: those of different parts are never the same. */
  readonly firstScene: number;
  readonly imagePrefix: string;
  readonly filePrefix: string;
}

const VAL_SCENES = 2 ** 31;
const CATEGORY = { id: 1, name: 'particle' };
const FILE_START = '{"info":{"description":"engine synth: ';
const JPEG_QUALITY = 92;

/**
 * Writes scenes as a COCO dataset of one class: DIR/images, DIR/annotations_rle.json and DIR/annotations_poly.json, which
 * hold the same masks, and with `val` DIR/annotations_val_rle.json and DIR/annotations_val_poly.json. Image k is the same
 * whatever the numbers of images. Everything appears when all is done; files of an earlier run are replaced, all
 * others stay.
 *
 * The pixels are the same on every machine (see `renderScene`); the bytes of image files also depend on the encoder, so
 * they are the same for one version of sharp on one kind of processor.
 *
 * @param onImage told after each image
 * @throws InputError where the folder cannot be written or holds files of these names from elsewhere, or a scene has no
 * room for its particles
 */
export async function writeScenes(
  dir: string,
  set: SceneSet,
  onImage: (scene: RenderedScene, fileName: string) => void = () => undefined,
): Promise<WrittenScenes[]> {
  const parts = [
    { count: set.images, firstScene: 0, imagePrefix: '', filePrefix: 'annotations' },
    { count: set.val, firstScene: VAL_SCENES, imagePrefix: 'val_', filePrefix: 'annotations_val' },
  ].filter(({ count }) => count > 0);
  await requireOwn(dir, parts, set);
  const images = await OutputFolder.create(join(dir, 'images'), { mayHoldFiles: true });
  const files: AnnotationFile[] = [];
  try {
    const written: WrittenScenes[] = [];
    for (const part of parts) {
      const rle = await AnnotationFile.create(join(dir, `${part.filePrefix}_rle.json`), part, set);
      files.push(rle);
      const polygons = await AnnotationFile.create(join(dir, `${part.filePrefix}_poly.json`), part, set);
      files.push(polygons);
      const particles = await writePart(part, set, images, { rle, polygons }, onImage);
      written.push({ images: part.count, particles, rle: rle.path, polygons: polygons.path });
    }
    for (const file of files) {
      await file.close();
    }
    await images.commit();
    for (const file of files) {
      await file.commit();
    }
    return written;
  } catch (error) {
    await Promise.all([images.abort(), ...files.map((file) => file.abort())]);
    throw error;
  }
}

/** @returns the number of particles */
async function writePart(
  part: Part,
  set: SceneSet,
  images: OutputFolder,
  files: { readonly rle: AnnotationFile; readonly polygons: AnnotationFile },
  onImage: (scene: RenderedScene, fileName: string) => void,
): Promise<number> {
  let particles = 0;
  let writing = Promise.resolve();
  for (let k = 0; k < part.count; k++) {
    const scene = renderScene({ seed: set.seed, scene: part.firstScene + k }, set.scene);
    const fileName = imageName(part, set, k);
    await writing;
    // The encoder works on another thread, while this one draws the next scene.
    writing = encode(scene, set.format).then((bytes) => images.add(fileName, bytes));
    for (const { mask } of scene.particles) {
      particles++;
      const { fields } = objectOfMask(particles, k + 1, CATEGORY.id, mask);
      await files.rle.add(fields);
      await files.polygons.add({ ...fields, segmentation: polygonsFromRle(mask) });
    }
    onImage(scene, fileName);
  }
  await writing;
  return particles;
}

function encode({ pixels, width, height }: RenderedScene, format: SceneSet['format']): Promise<Buffer> {
  return format === 'png'
    ? encodeGreyPng(pixels, width, height)
    : sharp(pixels, { raw: { width, height, channels: 1 } })
        .jpeg({ quality: JPEG_QUALITY })
        .toBuffer();
}

/** @param k counted from 0 */
function imageName({ imagePrefix }: Part, { format }: SceneSet, k: number): string {
  return `${imagePrefix}${String(k + 1).padStart(4, '0')}.${format}`;
}

/** Throws InputError where a file that would be replaced is not of an earlier run. */
async function requireOwn(dir: string, parts: readonly Part[], set: SceneSet): Promise<void> {
  for (const part of parts) {
    const names = Array.from({ length: part.count }, (_, k) => join('images', imageName(part, set, k)));
    const annotations = [`${part.filePrefix}_rle.json`, `${part.filePrefix}_poly.json`];
    if (await isOwn(join(dir, annotations[0]))) {
      continue;
    }
    for (const name of [...annotations, ...names]) {
      if (await exists(join(dir, name))) {
        throw new InputError(
          `${join(dir, name)} is there already and not from engine synth: name another output folder`,
        );
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isOwn(path: string): Promise<boolean> {
  if (!(await stat(path).catch(() => null))?.isFile()) {
    return false;
  }
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FILE_START.length), 0, FILE_START.length, 0);
      return buffer.toString('utf8', 0, bytesRead) === FILE_START;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(error, 'annotation file', path);
  }
}

/** A COCO annotation file in the making. */
class AnnotationFile {
  private count = 0;

  private constructor(private readonly file: AtomicFile) {}

  static async create(path: string, part: Part, set: SceneSet): Promise<AnnotationFile> {
    const file = await AtomicFile.create(path);
    const { width, height } = set.scene;
    const images = Array.from({ length: part.count }, (_, k) =>
      JSON.stringify({ id: k + 1, file_name: imageName(part, set, k), width, height }),
    );
    await file.write(
      `${FILE_START}synthetic particle scenes","seed":${set.seed}},\n` +
        `"categories":[${JSON.stringify(CATEGORY)}],\n"images":[\n${images.join(',\n')}\n],\n"annotations":[`,
    );
    return new AnnotationFile(file);
  }

  get path(): string {
    return this.file.path;
  }

  async add(annotation: object): Promise<void> {
    await this.file.write(`${this.count === 0 ? '\n' : ',\n'}${JSON.stringify(annotation)}`);
    this.count++;
  }

  async close(): Promise<void> {
    await this.file.write('\n]}\n');
    await this.file.close();
  }

  commit(): Promise<void> {
    return this.file.commit();
  }

  abort(): Promise<void> {
    return this.file.abort();
  }
}
