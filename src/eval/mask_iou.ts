import { requireSameSize, rleToBbox, type Rle } from './rle';

/** Masks of one image (and category), each detection to be compared with each object. */
export interface MaskIouJob {
  readonly detections: readonly Rle[];
  readonly groundTruths: readonly Rle[];
  /** Of each object: the union with a crowd is the detection's own area. */
  readonly crowd: readonly boolean[];
}

/**
 * Computes the IoU of many jobs, each row-major [detections, groundTruths]. Intersections and unions are whole numbers of
 * pixels and each IoU their correctly rounded quotient, so the values are the same wherever they are computed.
 */
export type MaskIou = (jobs: readonly MaskIouJob[]) => Promise<Float64Array[]>;

/**
 * Mask IoU on the processor: the values of `rleIou`, in time proportional to the runs that lie in the columns that two
 * masks' boxes share.
 * @returns for each job, row-major [detections, groundTruths]
 * @throws InputError where two masks of a job have different sizes
 */
export function maskIouOnCpu(jobs: readonly MaskIouJob[]): Float64Array[] {
  return jobs.map(jobIou);
}

function jobIou({ detections, groundTruths, crowd }: MaskIouJob): Float64Array {
  const objects = groundTruths.map(runsOf);
  const iou = new Float64Array(detections.length * objects.length);
  detections.forEach((rle, d) => {
    groundTruths.forEach((groundTruth) => {
      requireSameSize(rle, groundTruth);
    });
    const detection = runsOf(rle);
    for (let g = 0; g < objects.length; g++) {
      const both = intersection(detection, objects[g]);
      if (both > 0) {
        const union = crowd[g] ? detection.area : detection.area + objects[g].area - both;
        iou[d * objects.length + g] = both / union;
      }
    }
  });
  return iou;
}

/** The foreground of a mask. Boxes in pixels, right and bottom excluded; zero for an empty mask. */
interface MaskRuns {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly height: number;
  readonly area: number;
  /** First pixel and the one after the last of each run, by the pixels' index (x * height + y); ascending, none empty. */
  readonly ends: Float64Array;
  /**
   * Where no column has two runs, as with most objects: of each column from `left` on, the first row and the one after
   * the last; both 0 for a column without any.
   */
  readonly columns: Int32Array | null;
}

function runsOf(rle: Rle): MaskRuns {
  const { counts, height } = rle;
  const ends = new Float64Array(counts.length);
  let [length, position, area] = [0, 0, 0];
  for (let i = 1; i < counts.length; i += 2) {
    position += counts[i - 1];
    if (counts[i] > 0) {
      ends[length++] = position;
      position += counts[i];
      ends[length++] = position;
      area += counts[i];
    }
  }
  const [left, top, width, rows] = rleToBbox(rle);
  const runs = ends.subarray(0, length);
  const columns = columnsOf(runs, left, width, height);
  return { left, top, right: left + width, bottom: top + rows, height, area, ends: runs, columns };
}

function columnsOf(ends: Float64Array, left: number, width: number, height: number): Int32Array | null {
  const columns = new Int32Array(2 * width);
  for (let i = 0; i < ends.length; i += 2) {
    const end = ends[i + 1];
    let start = ends[i];
    while (start < end) {
      const x = Math.floor(start / height);
      const at = 2 * (x - left);
      if (columns[at + 1] > 0) {
        return null;
      }
      const next = Math.min(end, (x + 1) * height);
      columns[at] = start - x * height;
      columns[at + 1] = next - x * height;
      start = next;
    }
  }
  return columns;
}

/** Number of pixels that both masks have. */
function intersection(a: MaskRuns, b: MaskRuns): number {
  const left = Math.max(a.left, b.left);
  const right = Math.min(a.right, b.right);
  if (left >= right || a.top >= b.bottom || b.top >= a.bottom) {
    return 0;
  }
  return a.columns !== null && b.columns !== null
    ? columnIntersection(a.columns, left - a.left, b.columns, left - b.left, right - left)
    : runIntersection(a.ends, b.ends, left * a.height, right * a.height);
}

/** Over `width` columns, from the given one of each mask on. */
function columnIntersection(a: Int32Array, fromA: number, b: Int32Array, fromB: number, width: number): number {
  let pixels = 0;
  for (let k = 0; k < width; k++) {
    const i = 2 * (fromA + k);
    const j = 2 * (fromB + k);
    const rows = Math.min(a[i + 1], b[j + 1]) - Math.max(a[i], b[j]);
    pixels += rows > 0 ? rows : 0;
  }
  return pixels;
}

/** Over the pixels from `start` up to `end`. */
function runIntersection(a: Float64Array, b: Float64Array, start: number, end: number): number {
  let i = firstRunAfter(a, start);
  let j = firstRunAfter(b, start);
  let pixels = 0;
  while (i < a.length && j < b.length && a[i] < end && b[j] < end) {
    const [endA, endB] = [a[i + 1], b[j + 1]];
    const shared = Math.min(endA, endB) - Math.max(a[i], b[j]);
    pixels += shared > 0 ? shared : 0;
    if (endA <= endB) {
      i += 2;
    } else {
      j += 2;
    }
  }
  return pixels;
}

/** Place in `ends` of the first run that reaches beyond a pixel. */
function firstRunAfter(ends: Float64Array, pixel: number): number {
  let [low, high] = [0, ends.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[2 * middle + 1] > pixel) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return 2 * low;
}
