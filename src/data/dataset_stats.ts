import type { Annotation, Dataset } from '../eval/dataset';
import { mean, quantiles } from '../eval/statistics';

/** Quantiles of a quantity; null where there is nothing to measure. */
export interface Distribution {
  readonly min: number;
  readonly p5: number;
  readonly p25: number;
  readonly median: number;
  readonly p75: number;
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

/** What a dataset's objects are like. Crowds are counted and left out of everything else. */
export interface DatasetStats {
  readonly images: number;
  readonly objects: number;
  readonly crowds: number;
  readonly imagesWithoutObjects: number;
  readonly categories: readonly { readonly id: number; readonly name: string; readonly objects: number }[];
  readonly objectsPerImage: Distribution | null;
  /** The most frequent first; images of unknown size are left out. */
  readonly imageSizes: readonly { readonly width: number; readonly height: number; readonly images: number }[];
  /** Square root of the area, in pixels. */
  readonly size: Distribution | null;
  readonly boxWidth: Distribution | null;
  readonly boxHeight: Distribution | null;
  /** Height over width of the boxes. */
  readonly aspectRatio: Distribution | null;
  /** Shares of the objects below 32x32 pixels, below 96x96, and from there on: COCO's areas. */
  readonly sizeShares: { readonly small: number; readonly medium: number; readonly large: number } | null;
  /** Objects in a million pixels, and the share of all pixels that they cover (summed areas); null without sizes. */
  readonly density: { readonly perMegapixel: number; readonly covered: number } | null;
}

/** The values behind the distributions, e.g. for histograms. */
export interface ObjectValues {
  readonly objectsPerImage: readonly number[];
  readonly size: readonly number[];
  readonly boxWidth: readonly number[];
  readonly boxHeight: readonly number[];
  readonly aspectRatio: readonly number[];
}

const SMALL_AREA = 32 ** 2;
const MEDIUM_AREA = 96 ** 2;

/** Objects of a dataset that count: no crowds, and a box that has an area. */
export function plainObjects({ annotations }: Dataset): Annotation[] {
  return annotations.filter(({ isCrowd, box }) => !isCrowd && box[2] > 0 && box[3] > 0);
}

export function objectValues(dataset: Dataset): ObjectValues {
  const objects = plainObjects(dataset);
  const counts = new Map(dataset.images.map(({ id }) => [id, 0]));
  for (const { imageId } of objects) {
    counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  }
  return {
    objectsPerImage: [...counts.values()],
    size: objects.map(({ area }) => Math.sqrt(area)),
    boxWidth: objects.map(({ box }) => box[2]),
    boxHeight: objects.map(({ box }) => box[3]),
    aspectRatio: objects.map(({ box }) => box[3] / box[2]),
  };
}

export function datasetStats(dataset: Dataset): DatasetStats {
  const { images, categories, annotations } = dataset;
  const objects = plainObjects(dataset);
  const values = objectValues(dataset);
  const share = (count: number): number => count / objects.length;
  const small = objects.filter(({ area }) => area < SMALL_AREA).length;
  const large = objects.filter(({ area }) => area >= MEDIUM_AREA).length;
  return {
    images: images.length,
    objects: objects.length,
    crowds: annotations.filter(({ isCrowd }) => isCrowd).length,
    imagesWithoutObjects: values.objectsPerImage.filter((count) => count === 0).length,
    categories: categories.map(({ id, name }) => ({
      id,
      name,
      objects: objects.filter(({ categoryId }) => categoryId === id).length,
    })),
    objectsPerImage: distribution(values.objectsPerImage),
    imageSizes: imageSizes(dataset),
    size: distribution(values.size),
    boxWidth: distribution(values.boxWidth),
    boxHeight: distribution(values.boxHeight),
    aspectRatio: distribution(values.aspectRatio),
    sizeShares:
      objects.length === 0
        ? null
        : { small: share(small), medium: share(objects.length - small - large), large: share(large) },
    density: density(dataset, objects),
  };
}

function distribution(values: readonly number[]): Distribution | null {
  const average = mean(values);
  const found = quantiles(values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]);
  if (average === null || found === null) {
    return null;
  }
  const [min, p5, p25, median, p75, p95, max] = found;
  return { min, p5, p25, median, p75, p95, max, mean: average };
}

function imageSizes({ images }: Dataset): DatasetStats['imageSizes'] {
  const sizes = new Map<string, { width: number; height: number; images: number }>();
  for (const { width, height } of images) {
    if (width > 0 && height > 0) {
      const key = `${width}x${height}`;
      sizes.set(key, { width, height, images: (sizes.get(key)?.images ?? 0) + 1 });
    }
  }
  return [...sizes.values()].sort((a, b) => b.images - a.images || b.width * b.height - a.width * a.height);
}

function density({ images }: Dataset, objects: readonly Annotation[]): DatasetStats['density'] {
  const pixels = new Map(images.map(({ id, width, height }) => [id, width * height]));
  const known = objects.filter(({ imageId }) => (pixels.get(imageId) ?? 0) > 0);
  const total = [...pixels.values()].reduce((sum, count) => sum + count, 0);
  return total === 0
    ? null
    : {
        perMegapixel: (known.length / total) * 1e6,
        covered: known.reduce((sum, { area }) => sum + area, 0) / total,
      };
}
