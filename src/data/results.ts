import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile } from './atomic';

/** One detected object of one image. */
export interface Detection {
  readonly imageId: number;
  /** The dataset's own category id. */
  readonly categoryId: number;
  /** x1, y1, x2, y2 in pixels of the original image. */
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  /** Mask of the original image's size ([height, width]) as COCO's compressed RLE. */
  readonly rle?: { readonly size: readonly [number, number]; readonly counts: string };
}

export interface ResultImage {
  readonly id: number;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
}

export interface ResultsOptions {
  /** Write images.json: for ids that were given by `listImages`, not by an annotation file. */
  readonly listImages: boolean;
  /** False for a model without masks: no predict.segm.json. Default true. */
  readonly masks?: boolean;
}

/**
 * Writes detections in COCO's results form (https://cocodataset.org/#format-results) as they come:
 * DIR/predict.bbox.json (bbox as x, y, width, height), DIR/predict.segm.json (compressed RLE, no bbox, so that
 * pycocotools takes the area from the mask) and, with `listImages`, DIR/images.json. The files appear at `finish`;
 * those of an earlier run that this run does not write are removed then, for they would not fit its ids.
 */
export class ResultsWriter {
  private count = 0;
  private readonly images: ResultImage[] = [];

  private constructor(
    private readonly dir: string,
    private readonly bbox: AtomicFile,
    private readonly segm: AtomicFile | null,
    private readonly options: ResultsOptions,
  ) {}

  /** Throws InputError where `dir` cannot be written. */
  static async create(dir: string, options: ResultsOptions): Promise<ResultsWriter> {
    const bbox = await AtomicFile.create(join(dir, 'predict.bbox.json'));
    try {
      const segm = options.masks === false ? null : await AtomicFile.create(join(dir, 'predict.segm.json'));
      return new ResultsWriter(dir, bbox, segm, options);
    } catch (error) {
      await bbox.abort();
      throw error;
    }
  }

  /** Adds one image and its detections, in the order given. */
  async add(image: ResultImage, detections: Iterable<Detection>): Promise<void> {
    this.images.push(image);
    for (const detection of detections) {
      await this.addDetection(detection);
    }
  }

  async finish(): Promise<void> {
    const end = this.count === 0 ? '[]\n' : '\n]\n';
    const files = [this.bbox, ...(this.segm === null ? [] : [this.segm])];
    try {
      for (const file of files) {
        await file.write(end);
        await file.close();
      }
      if (this.options.listImages) {
        files.push(await this.writeImages());
      }
      for (const file of files) {
        await file.commit();
      }
    } catch (error) {
      await Promise.all(files.map((file) => file.abort()));
      throw error;
    }
    const written = new Set(files.map(({ path }) => path));
    for (const path of [join(this.dir, 'images.json'), join(this.dir, 'predict.segm.json')]) {
      if (!written.has(path)) {
        await rm(path, { force: true });
      }
    }
  }

  /** Leaves nothing of this run behind; files of an earlier run stay. */
  async abort(): Promise<void> {
    await this.bbox.abort();
    await this.segm?.abort();
  }

  private async addDetection(detection: Detection): Promise<void> {
    const { imageId, categoryId, box, score, rle } = detection;
    const [x1, y1, x2, y2] = box;
    const before = this.count === 0 ? '[\n' : ',\n';
    const head = `${before}{"image_id":${imageId},"category_id":${categoryId}`;
    const scoreText = numberText(score, detection);
    // Width and height are f32 differences, as torchvision's COCO evaluation makes them.
    const bbox = [x1, y1, Math.fround(x2 - x1), Math.fround(y2 - y1)].map((value) => numberText(value, detection));
    this.count++;
    await this.bbox.write(`${head},"bbox":[${bbox.join(',')}],"score":${scoreText}}`);
    if (this.segm !== null) {
      if (rle === undefined) {
        throw new Error(`a detection of image ${imageId} has no mask`);
      }
      const segmentation = JSON.stringify({ size: rle.size, counts: rle.counts });
      await this.segm.write(`${head},"segmentation":${segmentation},"score":${scoreText}}`);
    }
  }

  private async writeImages(): Promise<AtomicFile> {
    const file = await AtomicFile.create(join(this.dir, 'images.json'));
    const rows = this.images.map(({ id, fileName, width, height }) =>
      JSON.stringify({ id, file_name: fileName, width, height }),
    );
    await file.write(rows.length === 0 ? '[]\n' : `[\n${rows.join(',\n')}\n]\n`);
    await file.close();
    return file;
  }
}

/** Writes all results at once; see `ResultsWriter`. Detections are grouped by image in the order of `images`. */
export async function writeResults(
  dir: string,
  detections: Iterable<Detection>,
  images: readonly ResultImage[],
  options: ResultsOptions,
): Promise<void> {
  const byImage = new Map<number, Detection[]>(images.map(({ id }) => [id, []]));
  for (const detection of detections) {
    const list = byImage.get(detection.imageId);
    if (list === undefined) {
      throw new Error(`a detection belongs to image ${detection.imageId}, which is not among the images`);
    }
    list.push(detection);
  }
  const writer = await ResultsWriter.create(dir, options);
  try {
    for (const image of images) {
      await writer.add(image, byImage.get(image.id)!);
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.finish();
}

/** The shortest decimal that reads back as the same f32 (the same f64 where the number is no f32). */
export function shortestF32(value: number): string {
  if (Number.isInteger(value) || Math.fround(value) !== value) {
    return JSON.stringify(value);
  }
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) {
      return JSON.stringify(rounded);
    }
  }
  return JSON.stringify(Number(value.toPrecision(9)));
}

function numberText(value: number, detection: Detection): string {
  if (!Number.isFinite(value)) {
    throw new Error(
      `a detection of image ${detection.imageId} has the value ${value}: the model's weights are not sound`,
    );
  }
  return shortestF32(value);
}
