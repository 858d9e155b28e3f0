import { InputError } from '../errors';

/**
 * COCO run-length encoding (RLE) of binary masks, with the published semantics of pycocotools' `mask` module
 * (https://github.com/cocodataset/cocoapi, PythonAPI/pycocotools/mask.py and common/maskApi.h).
 *
 * A mask of `height` rows and `width` columns is read column by column (pixel (x, y) has index `x * height + y`);
 * `counts` holds the lengths of alternating runs of 0 and 1, starting with 0 (the first count may be 0).
 * The counts of a valid RLE sum to `height * width`.
 */
export interface Rle {
  readonly height: number;
  readonly width: number;
  readonly counts: Uint32Array;
}

/** RLE as COCO files hold it: `size` is [height, width], `counts` the compressed string or the plain list. */
export interface CocoRle {
  readonly size: readonly [number, number];
  readonly counts: string | readonly number[];
}

/** x, y, width, height in pixels. */
export type XywhBox = readonly [number, number, number, number];

const MAX_POLYGON_COORDINATE = 1_000_000;

/**
 * Encodes a mask.
 * @param mask column-major, `height * width` values; 0 is background, everything else foreground
 */
export function rleEncode(mask: ArrayLike<number>, height: number, width: number): Rle {
  const pixels = height * width;
  if (mask.length !== pixels) {
    throw new RangeError(`rleEncode: the mask has ${mask.length} values, ${height} x ${width} needs ${pixels}`);
  }
  const counts: number[] = [];
  let value = false;
  let run = 0;
  for (let i = 0; i < pixels; i++) {
    const next = mask[i] !== 0;
    if (next !== value) {
      counts.push(run);
      run = 0;
      value = next;
    }
    run++;
  }
  counts.push(run);
  return { height, width, counts: Uint32Array.from(counts) };
}

/** Decodes to a column-major mask of 0 and 1. */
export function rleDecode(rle: Rle): Uint8Array {
  const mask = new Uint8Array(rle.height * rle.width);
  let position = 0;
  rle.counts.forEach((run, i) => {
    if (i % 2 === 1) {
      mask.fill(1, position, position + run);
    }
    position += run;
  });
  return mask;
}

/**
 * The compressed string of COCO files: from the fourth count on, the difference to the count before the last,
 * each number in groups of 5 bits, low ones first, one character (48 + bits, 32 = more follow) per group.
 */
export function rleToString(rle: Rle): string {
  const { counts } = rle;
  const codes: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let x = i > 2 ? counts[i] - counts[i - 2] : counts[i];
    let more = true;
    while (more) {
      const bits = x & 0x1f;
      x = Math.floor(x / 32);
      more = (bits & 0x10) !== 0 ? x !== -1 : x !== 0;
      codes.push(48 + (more ? bits | 0x20 : bits));
    }
  }
  return codesToString(codes);
}

/**
 * Reads a compressed string.
 * @throws InputError where a character is out of range, the string ends within a number, or the runs do not add up
 * to `height * width`
 */
export function rleFromString(text: string, height: number, width: number): Rle {
  const counts: number[] = [];
  let x = 0;
  let scale = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - 48;
    if (code < 0 || code > 63) {
      throw new InputError(`RLE counts hold the character ${JSON.stringify(text[i])} at position ${i}: not COCO RLE`);
    }
    if (scale > 2 ** 35) {
      throw new InputError(`RLE counts hold a number of more than 35 bits at position ${i}: not COCO RLE`);
    }
    x += (code & 0x1f) * scale;
    scale *= 32;
    if ((code & 0x20) === 0) {
      if ((code & 0x10) !== 0) {
        x -= scale;
      }
      counts.push(counts.length > 2 ? x + counts[counts.length - 2] : x);
      x = 0;
      scale = 1;
    }
  }
  if (scale !== 1) {
    throw new InputError(`RLE counts end within a number (length ${text.length}): the string was cut`);
  }
  return rleFromCounts(counts, height, width);
}

/**
 * Checks a list of counts and makes it an RLE.
 * @throws InputError where a count is not a whole number from 0 on, or the counts do not add up to `height * width`
 */
export function rleFromCounts(counts: ArrayLike<number>, height: number, width: number): Rle {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const run = counts[i];
    if (!Number.isInteger(run) || run < 0) {
      throw new InputError(`RLE count ${i} is ${String(run)}: a whole number from 0 on is needed`);
    }
    sum += run;
  }
  if (sum !== height * width) {
    throw new InputError(
      `RLE counts add up to ${sum} pixels, but size [${height}, ${width}] has ${height * width}: is size [height, width]?`,
    );
  }
  return { height, width, counts: Uint32Array.from(counts) };
}

/** Number of foreground pixels. */
export function rleArea(rle: Rle): number {
  let area = 0;
  for (let i = 1; i < rle.counts.length; i += 2) {
    area += rle.counts[i];
  }
  return area;
}

/** Tight box [x, y, width, height] around the foreground, in pixels; [0, 0, 0, 0] for an empty mask. */
export function rleToBbox(rle: Rle): [number, number, number, number] {
  const { height, width, counts } = rle;
  let [left, top, right, bottom] = [width, height, -1, -1];
  let start = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    start += counts[i];
    const run = counts[i + 1];
    if (run === 0) {
      continue;
    }
    const last = start + run - 1;
    const firstColumn = Math.floor(start / height);
    const lastColumn = Math.floor(last / height);
    const spansColumns = lastColumn > firstColumn;
    left = Math.min(left, firstColumn);
    right = Math.max(right, lastColumn);
    top = Math.min(top, spansColumns ? 0 : start % height);
    bottom = Math.max(bottom, spansColumns ? height - 1 : last % height);
    start += run;
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * Mask IoU of every detection with every ground truth; with `isCrowd` the union is the detection's own area
 * (intersection over detection), as pycocotools' `iou` has it.
 * @returns row-major [detections, groundTruths]
 * @throws InputError where two masks have different sizes
 */
export function rleIou(
  detections: readonly Rle[],
  groundTruths: readonly Rle[],
  isCrowd: readonly boolean[],
): Float64Array {
  const iou = new Float64Array(detections.length * groundTruths.length);
  const boxes = groundTruths.map(rleToBbox);
  detections.forEach((detection, d) => {
    const box = rleToBbox(detection);
    groundTruths.forEach((groundTruth, g) => {
      requireSameSize(detection, groundTruth);
      if (boxesOverlap(box, boxes[g])) {
        iou[d * groundTruths.length + g] = pairIou(detection, groundTruth, isCrowd[g] === true);
      }
    });
  });
  return iou;
}

/**
 * Box IoU of every detection with every ground truth, boxes as [x, y, width, height]; `isCrowd` as in `rleIou`.
 * @returns row-major [detections, groundTruths]
 */
export function boxIou(
  detections: readonly XywhBox[],
  groundTruths: readonly XywhBox[],
  isCrowd: readonly boolean[],
): Float64Array {
  const iou = new Float64Array(detections.length * groundTruths.length);
  detections.forEach(([dx, dy, dw, dh], d) => {
    groundTruths.forEach(([gx, gy, gw, gh], g) => {
      const w = Math.min(dx + dw, gx + gw) - Math.max(dx, gx);
      const h = Math.min(dy + dh, gy + gh) - Math.max(dy, gy);
      if (w > 0 && h > 0) {
        const union = isCrowd[g] === true ? dw * dh : dw * dh + gw * gh - w * h;
        iou[d * groundTruths.length + g] = (w * h) / union;
      }
    });
  });
  return iou;
}

/**
 * Union, or with `intersect` the intersection, of masks of one size.
 * @throws RangeError without any mask; InputError where sizes differ
 */
export function rleMerge(masks: readonly Rle[], intersect = false): Rle {
  const first = masks[0];
  if (first === undefined) {
    throw new RangeError('rleMerge: at least one mask is needed');
  }
  return masks.slice(1).reduce((merged, mask) => mergePair(merged, mask, intersect), first);
}

/**
 * Rasterises one polygon as pycocotools' `frPyObjects`: its outline is walked on a grid 5 times finer than the
 * pixels, and the points where it crosses a column's centre line become the ends of the runs.
 * @param xy x0, y0, x1, y1, … in pixels; the last point is joined to the first
 * @throws InputError for fewer than 3 points, an odd number of values, or values that are not finite or above 10^6
 */
export function rleFromPolygon(xy: ArrayLike<number>, height: number, width: number): Rle {
  checkPolygon(xy);
  const scale = 5;
  const outline = walkOutline(xy, scale);
  const crossings: number[] = [];
  for (let j = 1; j < outline.x.length; j++) {
    const x = outline.x[j];
    const previousX = outline.x[j - 1];
    if (x === previousX) {
      continue;
    }
    const column = ((x < previousX ? x : x - 1) + 0.5) / scale - 0.5;
    if (Math.floor(column) !== column || column < 0 || column > width - 1) {
      continue;
    }
    const y = (Math.min(outline.y[j], outline.y[j - 1]) + 0.5) / scale - 0.5;
    crossings.push(column * height + Math.ceil(Math.min(Math.max(y, 0), height)));
  }
  return rleFromCrossings(crossings, height, width);
}

/** Union of the rasterised polygons of one object. */
export function rleFromPolygons(polygons: readonly ArrayLike<number>[], height: number, width: number): Rle {
  if (polygons.length === 0) {
    return { height, width, counts: Uint32Array.of(height * width) };
  }
  return rleMerge(polygons.map((polygon) => rleFromPolygon(polygon, height, width)));
}

/** A COCO annotation's `segmentation` (polygons, counts or compressed counts) as RLE; pycocotools' `annToRLE`. */
export function rleFromSegmentation(
  segmentation: CocoRle | readonly (readonly number[])[],
  height: number,
  width: number,
): Rle {
  if (!('counts' in segmentation)) {
    return rleFromPolygons(segmentation, height, width);
  }
  return rleFromCoco(segmentation);
}

/** RLE from its COCO form. Throws InputError as `rleFromString` and `rleFromCounts` do. */
export function rleFromCoco(rle: CocoRle): Rle {
  const [height, width] = rle.size;
  return typeof rle.counts === 'string'
    ? rleFromString(rle.counts, height, width)
    : rleFromCounts(rle.counts, height, width);
}

/** RLE in COCO's form with the compressed string. */
export function rleToCoco(rle: Rle): { size: [number, number]; counts: string } {
  return { size: [rle.height, rle.width], counts: rleToString(rle) };
}

function codesToString(codes: readonly number[]): string {
  const parts: string[] = [];
  // fromCharCode takes its arguments from the stack: a mask of millions of runs must go in pieces.
  for (let i = 0; i < codes.length; i += 4096) {
    parts.push(String.fromCharCode(...codes.slice(i, i + 4096)));
  }
  return parts.join('');
}

/** @throws InputError where two masks have different sizes */
export function requireSameSize(a: Rle, b: Rle): void {
  if (a.height !== b.height || a.width !== b.width) {
    throw new InputError(
      `masks of different sizes cannot be compared: ${a.height} x ${a.width} and ${b.height} x ${b.width} (height x width)`,
    );
  }
}

function boxesOverlap(a: XywhBox, b: XywhBox): boolean {
  return a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];
}

/** Visits the maximal stretches in which both masks are constant. */
function forEachStretch(a: Rle, b: Rle, visit: (length: number, inA: boolean, inB: boolean) => void): void {
  let [i, j] = [0, 0];
  let restA = a.counts[0] ?? 0;
  let restB = b.counts[0] ?? 0;
  for (;;) {
    while (restA === 0 && i + 1 < a.counts.length) {
      restA = a.counts[++i]!;
    }
    while (restB === 0 && j + 1 < b.counts.length) {
      restB = b.counts[++j]!;
    }
    const length = Math.min(restA, restB);
    if (length === 0) {
      return;
    }
    visit(length, i % 2 === 1, j % 2 === 1);
    restA -= length;
    restB -= length;
  }
}

function pairIou(detection: Rle, groundTruth: Rle, crowd: boolean): number {
  let [intersection, union] = [0, 0];
  forEachStretch(detection, groundTruth, (length, inA, inB) => {
    intersection += inA && inB ? length : 0;
    union += inA || inB ? length : 0;
  });
  if (intersection === 0) {
    return 0;
  }
  return intersection / (crowd ? rleArea(detection) : union);
}

function mergePair(a: Rle, b: Rle, intersect: boolean): Rle {
  requireSameSize(a, b);
  const counts: number[] = [];
  let value = false;
  let run = 0;
  forEachStretch(a, b, (length, inA, inB) => {
    const next = intersect ? inA && inB : inA || inB;
    if (next !== value) {
      counts.push(run);
      run = 0;
      value = next;
    }
    run += length;
  });
  counts.push(run);
  return { height: a.height, width: a.width, counts: Uint32Array.from(counts) };
}

function checkPolygon(xy: ArrayLike<number>): void {
  if (xy.length < 6 || xy.length % 2 !== 0) {
    throw new InputError(
      `a polygon has ${xy.length} numbers: at least 6, an even number (x, y of each point), are needed`,
    );
  }
  for (let i = 0; i < xy.length; i++) {
    if (!(Math.abs(xy[i]) <= MAX_POLYGON_COORDINATE)) {
      throw new InputError(`a polygon holds the coordinate ${String(xy[i])}: numbers in pixels are needed`);
    }
  }
}

/** Points of the closed outline, one for each step along the longer axis of each edge, both ends included. */
function walkOutline(xy: ArrayLike<number>, scale: number): { x: Int32Array; y: Int32Array } {
  const points = xy.length / 2;
  const px = Int32Array.from({ length: points + 1 }, (_, j) => Math.trunc(scale * xy[(j % points) * 2] + 0.5));
  const py = Int32Array.from({ length: points + 1 }, (_, j) => Math.trunc(scale * xy[(j % points) * 2 + 1] + 0.5));
  let total = 0;
  for (let j = 0; j < points; j++) {
    total += Math.max(Math.abs(px[j] - px[j + 1]), Math.abs(py[j] - py[j + 1])) + 1;
  }
  const x = new Int32Array(total);
  const y = new Int32Array(total);
  let m = 0;
  for (let j = 0; j < points; j++) {
    const dx = Math.abs(px[j] - px[j + 1]);
    const dy = Math.abs(py[j] - py[j + 1]);
    const alongX = dx >= dy;
    // The slope is always taken from the end with the smaller coordinate on the longer axis, so that an edge shared
    // by two polygons is rounded the same way in both directions.
    const flip = alongX ? px[j] > px[j + 1] : py[j] > py[j + 1];
    const [from, to] = flip ? [j + 1, j] : [j, j + 1];
    const steps = Math.max(dx, dy);
    const slope = steps === 0 ? 0 : (alongX ? py[to] - py[from] : px[to] - px[from]) / steps;
    for (let d = 0; d <= steps; d++) {
      const t = flip ? steps - d : d;
      x[m] = alongX ? px[from] + t : Math.trunc(px[from] + slope * t + 0.5);
      y[m] = alongX ? Math.trunc(py[from] + slope * t + 0.5) : py[from] + t;
      m++;
    }
  }
  return { x, y };
}

/** Runs between the sorted crossings; two crossings at one place cancel out. */
function rleFromCrossings(crossings: readonly number[], height: number, width: number): Rle {
  const ends = Uint32Array.from(crossings.concat(height * width)).sort();
  const runs = ends.map((end, i) => (i === 0 ? end : end - ends[i - 1]));
  const counts = [runs[0]];
  for (let j = 1; j < runs.length;) {
    if (runs[j] > 0) {
      counts.push(runs[j++]);
    } else {
      j++;
      if (j < runs.length) {
        counts[counts.length - 1] += runs[j++];
      }
    }
  }
  return { height, width, counts: Uint32Array.from(counts) };
}
