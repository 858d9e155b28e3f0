import type { Warnings } from '../data/warnings';
import type { CocoEvaluation } from '../eval/coco_eval/evaluate';
import type { Dataset } from '../eval/dataset';

/** Counts the images of which the last max-dets leaves something out. The same for boxes and masks, so of one evaluation. */
export function warnOfSaturation(
  { saturated, maxDets }: CocoEvaluation,
  { images }: Dataset,
  warnings: Warnings,
): void {
  const names = new Map(images.map(({ id, fileName }) => [id, fileName]));
  const last = maxDets[maxDets.length - 1];
  const most = Math.max(...saturated.map(({ objects, detections }) => Math.max(objects, detections)));
  const enough = [...maxDets.slice(0, -1), most].join(',');
  const places = new Set(saturated.map(({ imageId }) => imageId));
  for (const imageId of places) {
    warnings.add(
      `images with more than ${last} objects or detections of a class, of which only the best ${last} detections count (--max-dets ${enough} counts all)`,
      names.get(imageId) || `image ${imageId}`,
    );
  }
}
