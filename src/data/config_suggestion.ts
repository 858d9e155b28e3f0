import type { Dataset, DatasetImage } from '../eval/dataset';
import { mean, median, quantiles } from '../eval/statistics';
import type { MaskRcnnConfig } from '../models/config';
import { modelImageSize } from '../models/image_size';
import { plainObjects } from './dataset_stats';

/*
 * Settings that follow from a dataset, by these rules:
 * - Images keep their size; are enlarged, to twice at most, where a tenth of the objects is smaller than 16 pixels (square
 *   root of the box); and are reduced, to a longer side of 1333 pixels at least, where those objects stay above 16.
 * - The anchors are a geometric sequence, one for each level, from the 5 % to the 95 % quantile of the objects (square
 *   root of the box in the resized image), in steps of at least the square root of 2; none is below two strides of its
 *   level. How well anchors fit is the mean over the boxes of the best IoU with an anchor of the same centre (Redmon and
 *   Farhadi, "YOLO9000", 2017, section 2).
 * - The aspect ratios are quantiles in the middle of equal shares of the objects, at least a factor of 1.5 apart; as many
 *   as the base has anchors at a place, so that its RPN's weights fit. Where the base's own fit better, they stay.
 * - Detections are half as many again as the fullest image has objects; proposals twice the detections.
 */
const SMALLEST = 16;
const USUAL_LONG_SIDE = 1333;
const MAX_ENLARGED_SIDE = 2048;
const MAX_SCALE = 2;
const SIDE_STEP = 32;
const MIN_RATIO_STEP = 1.5;
const NEGLIGIBLE_SCALE = 1.25;
const MIN_ANCHOR_STEP = Math.SQRT2;
/** What the configuration's schema allows. */
const LIMITS = { side: 16384, detections: 4096, proposals: 4096 };

export interface Suggestion {
  readonly classNames: readonly string[];
  readonly categoryIds: readonly number[];
  /** For each level, finest first, in pixels of the resized image. */
  readonly anchorSizes: readonly number[];
  /** Height over width, the same on every level. */
  readonly aspectRatios: readonly number[];
  readonly proposals: number;
  readonly detections: number;
  /** The fullest image has more objects than there can be detections. */
  readonly isOverfull: boolean;
  readonly minSize: number;
  readonly maxSize: number;
  /** Mean best IoU of a box with an anchor of the same centre: with these settings, and with the base's. */
  readonly fit: number;
  readonly baseFit: number;
}

/**
 * @param base the configuration to start from: its levels count
 * @returns null where no object lies in an image of known size
 */
export function suggestConfig(dataset: Dataset, base: MaskRcnnConfig): Suggestion | null {
  const images = new Map(dataset.images.filter(({ width, height }) => width > 0 && height > 0).map((image) => [image.id, image])); // prettier-ignore
  const boxes = plainObjects(dataset).flatMap(({ imageId, box }): Box[] => {
    const image = images.get(imageId);
    return image === undefined ? [] : [{ image, width: box[2], height: box[3] }];
  });
  if (boxes.length === 0) {
    return null;
  }
  const size = suggestImageSize([...images.values()], boxes);
  const resized = boxes.map((box) => resize(box, { ...base.image, ...size }));
  const stride = 2 ** (base.backbone.stages[0] + 1);
  const anchorSizes = suggestAnchors(resized, base.anchors.sizes.length, stride);
  const [baseRatios] = base.anchors.aspectRatios;
  const fitOf = (ratios: readonly number[]): number =>
    meanBestIou(
      resized,
      anchorSizes.map((anchor) => [anchor]),
      anchorSizes.map(() => ratios),
    );
  const places = base.anchors.sizes[0].length * baseRatios.length;
  const quantileRatios = suggestRatios(resized, places);
  const aspectRatios =
    baseRatios.length === places && fitOf(baseRatios) > fitOf(quantileRatios) ? baseRatios : quantileRatios;
  const counts = new Map<number, number>();
  for (const { image } of boxes) {
    counts.set(image.id, (counts.get(image.id) ?? 0) + 1);
  }
  const fullest = Math.max(...counts.values());
  const detections = Math.min(LIMITS.detections, Math.max(100, roundUp(1.5 * fullest, 50)));
  return {
    classNames: dataset.categories.map(({ name }) => name),
    categoryIds: dataset.categories.map(({ id }) => id),
    anchorSizes,
    aspectRatios,
    proposals: Math.min(LIMITS.proposals, Math.max(1000, 2 * detections)),
    detections,
    isOverfull: fullest > LIMITS.detections,
    ...size,
    fit: fitOf(aspectRatios),
    baseFit: meanBestIou(
      boxes.map((box) => resize(box, base.image)),
      base.anchors.sizes,
      base.anchors.aspectRatios,
    ),
  };
}

/** The lines of a configuration file, which `loadConfig` reads. */
export function suggestionLines(suggestion: Suggestion, base: string): string[] {
  const { classNames, categoryIds, anchorSizes, aspectRatios, proposals, detections } = suggestion;
  // JSON is YAML, with quotes around names that look like numbers
  const list = (values: readonly unknown[]): string => `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
  const lists = (values: readonly (readonly number[])[]): string => `[${values.map(list).join(', ')}]`;
  return [
    `_base_: ${JSON.stringify(base)}`,
    'model:',
    `  classes: ${classNames.length + 1}`,
    `  class_names: ${list(classNames)}`,
    `  category_ids: ${list(categoryIds)}`,
    '  anchors:',
    `    sizes: ${lists(anchorSizes.map((size) => [size]))}`,
    `    aspect_ratios: ${lists(anchorSizes.map(() => aspectRatios))}`,
    '  rpn:',
    `    pre_nms_top_n: ${proposals}`,
    `    post_nms_top_n: ${proposals}`,
    '  box:',
    `    detections_per_image: ${detections}`,
    '  image:',
    `    min_size: ${suggestion.minSize}`,
    `    max_size: ${suggestion.maxSize}`,
  ];
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

interface Box extends Sides {
  readonly image: DatasetImage;
}

function suggestImageSize(
  images: readonly DatasetImage[],
  boxes: readonly Box[],
): { minSize: number; maxSize: number } {
  const short = median(images.map(({ width, height }) => Math.min(width, height))) ?? 1;
  const long = median(images.map(({ width, height }) => Math.max(width, height))) ?? 1;
  const [small] = quantiles(boxes.map(rootArea), [0.1]) ?? [SMALLEST];
  const most = Math.max(1, Math.min(MAX_SCALE, MAX_ENLARGED_SIDE / long));
  const least = Math.min(1, USUAL_LONG_SIDE / long);
  const wanted = Math.min(most, Math.max(least, SMALLEST / small));
  const scale = wanted > 1 && wanted < NEGLIGIBLE_SCALE ? 1 : wanted;
  const minSize = Math.min(LIMITS.side, Math.max(SIDE_STEP, SIDE_STEP * Math.round((short * scale) / SIDE_STEP)));
  // nineteen of twenty images get the shorter side that was chosen
  const [elongation] = quantiles(images.map(({ width, height }) => Math.max(width, height) / Math.min(width, height)), [0.95]) ?? [1]; // prettier-ignore
  return { minSize, maxSize: Math.min(LIMITS.side, roundUp(minSize * elongation, SIDE_STEP)) };
}

function resize({ image, width, height }: Box, settings: MaskRcnnConfig['image']): Sides {
  const size = modelImageSize(image.height, image.width, settings);
  return { width: (width * size.width) / image.width, height: (height * size.height) / image.height };
}

function suggestAnchors(boxes: readonly Sides[], levels: number, stride: number): number[] {
  const [small, large] = quantiles(boxes.map(rootArea), [0.05, 0.95]) ?? [stride, stride];
  const step = Math.max(MIN_ANCHOR_STEP, (large / small) ** (1 / Math.max(1, levels - 1)));
  return Array.from({ length: levels }, (_, level) => {
    const size = Math.sqrt(small * large) * step ** (level - (levels - 1) / 2);
    return Math.round(Math.max(2 * stride * 2 ** level, size));
  });
}

function suggestRatios(boxes: readonly Sides[], count: number): number[] {
  const at = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
  const ratios = quantiles(boxes.map(({ width, height }) => height / width), at) ?? at.map(() => 1); // prettier-ignore
  const middle = (count - 1) >> 1;
  for (let i = middle + 1; i < count; i++) {
    ratios[i] = Math.max(ratios[i], ratios[i - 1] * MIN_RATIO_STEP);
  }
  for (let i = middle - 1; i >= 0; i--) {
    ratios[i] = Math.min(ratios[i], ratios[i + 1] / MIN_RATIO_STEP);
  }
  return ratios.map((ratio) => Number(ratio.toPrecision(2)));
}

function meanBestIou(
  boxes: readonly Sides[],
  sizes: readonly (readonly number[])[],
  ratios: readonly (readonly number[])[],
): number {
  const anchors = sizes.flatMap((row, level) =>
    row.flatMap((size) =>
      ratios[level].map((ratio): Sides => ({ width: size / Math.sqrt(ratio), height: size * Math.sqrt(ratio) })),
    ),
  );
  const iou = (box: Sides, anchor: Sides): number => {
    const both = Math.min(box.width, anchor.width) * Math.min(box.height, anchor.height);
    return both / (box.width * box.height + anchor.width * anchor.height - both);
  };
  return mean(boxes.map((box) => Math.max(...anchors.map((anchor) => iou(box, anchor))))) ?? 0;
}

function rootArea({ width, height }: Sides): number {
  return Math.sqrt(width * height);
}

function roundUp(value: number, step: number): number {
  // what rounding made of a multiple stays one
  return step * Math.ceil(value / step - 1e-9);
}
