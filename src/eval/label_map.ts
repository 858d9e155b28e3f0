import { InputError } from '../errors';
import type { Dataset, DatasetImage, Prediction } from './dataset';
import type { Rle } from './rle';

/** One class number for each pixel; 0 is the background where there is one. */
export type LabelMap = ArrayLike<number>;

/** The label of pixels that are not scored, as in PASCAL VOC. */
export const IGNORE_LABEL = 255;

export interface LabelClassScores {
  /** Pixels of the class in the ground truth. */
  readonly pixels: number;
  /** Pixels of the class in both / in either; null where neither has any. */
  readonly iou: number | null;
  /** Share of the class's pixels that are predicted as such; null where the ground truth has none. */
  readonly accuracy: number | null;
}

export interface LabelScores {
  /** Share of the scored pixels whose class is right; null without any. */
  readonly pixelAccuracy: number | null;
  /** Mean over the classes that the ground truth has. */
  readonly meanAccuracy: number | null;
  /** Mean over the classes that the ground truth or the prediction has. */
  readonly meanIou: number | null;
  readonly perClass: readonly LabelClassScores[];
}

/**
 * Counts pixels by true and predicted class over any number of label maps, and scores them (definitions: Long, Shelhamer
 * and Darrell, Fully Convolutional Networks for Semantic Segmentation, CVPR 2015; IoU as in PASCAL VOC's segmentation task).
 */
export class ConfusionMatrix {
  /** Row-major [true class, predicted class]; the last column counts pixels that are predicted as the ignored label. */
  readonly counts: Float64Array;

  /** @param ignore label of pixels that are left out where the ground truth has it, and wrong where the prediction has */
  constructor(
    readonly classes: number,
    private readonly ignore = IGNORE_LABEL,
  ) {
    this.counts = new Float64Array(classes * (classes + 1));
  }

  /** @throws InputError where the sizes differ, or a label is neither a class nor the ignored one */
  add(truth: LabelMap, prediction: LabelMap): void {
    if (truth.length !== prediction.length) {
      throw new InputError(
        `label maps of ${truth.length} and ${prediction.length} pixels cannot be compared: both must have the image's size`,
      );
    }
    const { classes, ignore } = this;
    for (let i = 0; i < truth.length; i++) {
      const [wanted, found] = [truth[i], prediction[i]];
      if (wanted === ignore) {
        continue;
      }
      if (!this.isClass(wanted) || (found !== ignore && !this.isClass(found))) {
        throw new InputError(
          `a label map holds the label ${this.isClass(wanted) ? found : wanted}, but there are ${classes} classes: labels from 0 to ${classes - 1}, or ${ignore} for pixels that do not count, are needed`,
        );
      }
      const column = found === ignore ? classes : found;
      this.counts[wanted * (classes + 1) + column]++;
    }
  }

  private isClass(label: number): boolean {
    return Number.isInteger(label) && label >= 0 && label < this.classes;
  }

  scores(): LabelScores {
    const { classes, counts } = this;
    const perClass: LabelClassScores[] = [];
    let [right, total] = [0, 0];
    for (let k = 0; k < classes; k++) {
      const hit = counts[k * (classes + 1) + k];
      let [pixels, predicted] = [0, 0];
      for (let other = 0; other <= classes; other++) {
        pixels += counts[k * (classes + 1) + other];
        predicted += other < classes ? counts[other * (classes + 1) + k] : 0;
      }
      right += hit;
      total += pixels;
      perClass.push({ pixels, iou: share(hit, pixels + predicted - hit), accuracy: share(hit, pixels) });
    }
    return {
      pixelAccuracy: share(right, total),
      meanAccuracy: mean(perClass.map(({ accuracy }) => accuracy)),
      meanIou: mean(perClass.map(({ iou }) => iou)),
      perClass,
    };
  }
}

/**
 * Pixel scores of instance masks: each image's masks are painted into label maps (0 background, then the categories by
 * ascending id), and those are compared. Of objects that overlap, the later annotation and the prediction of the higher
 * score are on top (the later one where equal). Pixels of crowds that no other object has are not scored.
 * @returns perClass: the background, then the categories by ascending id
 * @throws InputError where an object or a prediction has no mask, or masks of an image have different sizes
 */
export function scoreLabelMaps(dataset: Dataset, predictions: readonly Prediction[]): LabelScores {
  const ids = dataset.categories.map(({ id }) => id).sort((a, b) => a - b);
  const labels = new Map(ids.map((id, i) => [id, i + 1]));
  const ignore = Math.max(IGNORE_LABEL, ids.length + 1);
  const matrix = new ConfusionMatrix(ids.length + 1, ignore);
  const objects = byImage(dataset.annotations);
  const found = byImage(predictions);
  for (const image of dataset.images) {
    const annotations = objects.get(image.id) ?? [];
    const detections = [...(found.get(image.id) ?? [])].sort((a, b) => a.score - b.score);
    const size = sizeOf(image, [...annotations, ...detections]);
    const crowds = annotations.filter(({ isCrowd }) => isCrowd);
    const truth = [
      ...crowds.map(({ mask }) => ({ mask, label: ignore })),
      ...annotations
        .filter(({ isCrowd }) => !isCrowd)
        .map(({ mask, categoryId }) => ({ mask, label: labels.get(categoryId) })),
    ];
    const prediction = detections.map(({ mask, categoryId }) => ({ mask, label: labels.get(categoryId) }));
    matrix.add(paint(truth, image, size), paint(prediction, image, size));
  }
  return matrix.scores();
}

interface PixelSize {
  readonly height: number;
  readonly width: number;
}

function sizeOf(image: DatasetImage, objects: readonly { readonly mask?: Rle }[]): PixelSize {
  return image.width > 0 && image.height > 0 ? image : (objects.find(({ mask }) => mask)?.mask ?? image);
}

interface PaintedMask {
  readonly mask?: Rle;
  /** Undefined for a category that is not listed: such masks are left out. */
  readonly label?: number;
}

/** Later masks on top; column-major, as run lengths are. */
function paint(masks: readonly PaintedMask[], image: DatasetImage, { height, width }: PixelSize): Uint16Array {
  const map = new Uint16Array(height * width);
  for (const { mask, label } of masks) {
    if (mask === undefined) {
      throw new InputError(
        `an object of image ${image.id} has no "segmentation", which label maps are made from: give files with masks`,
      );
    }
    if (mask.height !== height || mask.width !== width) {
      throw new InputError(
        `a mask of image ${image.id} has ${mask.width} x ${mask.height} pixels, the image ${width} x ${height}: masks must have the image's size`,
      );
    }
    let position = 0;
    mask.counts.forEach((run, i) => {
      if (i % 2 === 1 && label !== undefined) {
        map.fill(label, position, position + run);
      }
      position += run;
    });
  }
  return map;
}

function byImage<T extends { readonly imageId: number }>(list: readonly T[]): Map<number, T[]> {
  const map = new Map<number, T[]>();
  for (const entry of list) {
    const known = map.get(entry.imageId);
    if (known === undefined) {
      map.set(entry.imageId, [entry]);
    } else {
      known.push(entry);
    }
  }
  return map;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
