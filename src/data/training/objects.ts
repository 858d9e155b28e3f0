import type { Annotation, DatasetImage } from '../../eval/dataset';
import { rleArea, rleToBbox, type Rle } from '../../eval/rle';
import type { Warnings } from '../warnings';
import type { TrainingDataOptions } from './dataset';
import { PLACEMENT_SIZE, wordsOfRow } from './mask_bits';
import type { MaskRuns, SampleObjects } from './sample';

/** An object that takes part. */
export interface KeptObject {
  /** x1, y1, x2, y2 in pixels, x2 and y2 excluded. */
  readonly box: readonly [number, number, number, number];
  readonly label: number;
  readonly isCrowd: boolean;
  readonly mask: Rle | null;
}

/**
 * An annotation as training takes it; null where it is left out, which is counted. Crowd regions are kept at any size. An
 * object without a mask becomes a region to ignore: it can neither be learnt nor be called background.
 * @param image its image, of known size
 * @param place for warnings
 */
export function keepObject(
  annotation: Annotation,
  label: number,
  image: DatasetImage,
  { minObjectArea, minObjectSide }: TrainingDataOptions,
  warnings: Warnings,
): KeptObject | null {
  const place = `annotation ${annotation.id} of image ${annotation.imageId}`;
  const mask = annotation.mask ?? null;
  const [x, y, width, height] = mask === null ? annotation.box : rleToBbox(mask);
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const [right, bottom] = [Math.min(image.width, x + width), Math.min(image.height, y + height)];
  if (right <= left || bottom <= top) {
    warnings.add('objects without a pixel in their image, left out', place);
    return null;
  }
  const box = [left, top, right, bottom] as const;
  if (annotation.isCrowd) {
    return { box, label, isCrowd: true, mask };
  }
  if (mask === null) {
    warnings.add('objects without a mask, neither learnt nor taken as background', place);
    return { box, label, isCrowd: true, mask };
  }
  if (rleArea(mask) < minObjectArea) {
    warnings.add(`objects of fewer than ${minObjectArea} pixels (data.min_object_area), left out`, place);
    return null;
  }
  if (Math.min(width, height) < minObjectSide) {
    warnings.add(`objects narrower than ${minObjectSide} pixels (data.min_object_side), left out`, place);
    return null;
  }
  return { box, label, isCrowd: false, mask };
}

/** The objects of one image as typed arrays. */
export function packObjects(kept: readonly KeptObject[]): SampleObjects & MaskRuns {
  const placements = new Uint32Array(kept.length * PLACEMENT_SIZE);
  const runEnds = new Uint32Array(kept.length);
  let [words, end] = [0, 0];
  kept.forEach(({ mask, box: [left, top, right, bottom] }, i) => {
    if (mask !== null) {
      const rowWords = wordsOfRow(right - left);
      placements.set([left, top, rowWords, bottom - top, words], i * PLACEMENT_SIZE);
      words += rowWords * (bottom - top);
      end += mask.counts.length;
    }
    runEnds[i] = end;
  });
  const runs = new Uint32Array(end);
  kept.forEach(({ mask }, i) => {
    if (mask !== null) {
      runs.set(mask.counts, runEnds[i] - mask.counts.length);
    }
  });
  return {
    objects: kept.length,
    boxes: Float32Array.from(kept.flatMap(({ box }) => box)),
    labels: Uint32Array.from(kept, ({ label }) => label),
    crowd: Uint32Array.from(kept, ({ isCrowd }) => Number(isCrowd)),
    placements,
    words,
    runs,
    runEnds,
  };
}
