import type { CocoFigures } from '../eval/coco_eval/summarize';
import type { MatchCase } from '../eval/match_at_threshold';

/* What the page of `engine report` holds: written by detection_page.ts, read by client/detections.ts. */

/** Under the id "report". */
export interface DetectionData {
  /** Thresholds of IoU and score that the page begins with. */
  readonly iou: number;
  readonly score: number;
  /** Least and greatest score that the slider offers. */
  readonly scoreRange: readonly [number, number];
  readonly categories: readonly { readonly name: string; readonly figures: CocoFigures | null }[];
  readonly images: readonly DetectionImage[];
}

export interface DetectionImage {
  readonly name: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly match: MatchCase;
  /** Small picture as data URI; absent where the image was left out: only its figures are there then. */
  readonly thumbnail?: string;
}

/** Under the id that `pictureId` gives, for each image with a thumbnail: read when the image is looked at. */
export interface DetectionPicture {
  /** Data URI. */
  readonly uri: string;
  /** Of each object and each detection: rings x0, y0, x1, y1, … in pixels of the original. */
  readonly objects: readonly (readonly number[][])[];
  readonly detections: readonly (readonly number[][])[];
}

/** @param index among the images of `DetectionData` */
export function pictureId(index: number): string {
  return `picture-${index}`;
}

/** Overlaps below this IoU are not kept: no lower threshold can be chosen. */
export const LEAST_IOU = 0.1;
