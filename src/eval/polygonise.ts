import type { Rle } from './rle';
import { simplifyRing } from './simplify_ring';

/** One 4-connected part of a mask. Rings are closed (the last point is joined to the first), x0, y0, x1, y1, … */
export interface Outline {
  /** Clockwise as the image is seen (y downwards). */
  readonly outer: number[];
  /** Counter-clockwise. */
  readonly holes: number[][];
}

export interface PolygonOptions {
  /**
   * Tolerance in pixels of Douglas and Peucker's simplification ("Algorithms for the reduction of the number of points
   * required to represent a digitized line", 1973). Lossy: the polygons no longer give back the same mask. 0 (default):
   * no simplification.
   */
  readonly simplify?: number;
}

/**
 * The mask's outlines along the edges of its pixels, as COCO polygons: corners at whole numbers (pixel (x, y) covers
 * [x, x + 1] x [y, y + 1]), collinear points left out. Without `simplify`, `rleFromPolygons` gives back exactly the same
 * mask, whatever its form.
 *
 * Each 4-connected part is one polygon; parts that touch at a corner are two. A COCO object is a union of polygons and
 * cannot hold holes, so each hole is joined to the outline above it by a vertical slit of no width, of which COCO's
 * rasteriser sees nothing: it looks only at where an outline crosses the centre lines of columns, and counts by parity
 * within one polygon.
 *
 * Method: every run of a column has two horizontal edges. On each line between two columns, the ends of those edges,
 * sorted by y, belong together two by two: between them lies a vertical edge, for there one of the columns is inside and
 * the other is not. So the outlines follow from the runs alone, in time linear in their number.
 *
 * @returns one polygon x0, y0, x1, y1, … per part, in order of their leftmost columns; empty for an empty mask
 */
export function polygonsFromRle(rle: Rle, options: PolygonOptions = {}): number[][] {
  const edges = horizontalEdges(rle);
  const next = successors(edges);
  const slits = joinHoles(next);
  return cycles(next).rings.map((ring) => ringPoints(ring, edges, next, slits, options.simplify ?? 0));
}

/**
 * The mask's outlines as plain rings, without slits: for drawing (fill rule even-odd) and measuring. Otherwise as
 * `polygonsFromRle`.
 * @returns one outline per 4-connected part, in order of their leftmost columns; empty for an empty mask
 */
export function outlinesOfRle(rle: Rle, options: PolygonOptions = {}): Outline[] {
  const edges = horizontalEdges(rle);
  const next = successors(edges);
  const { rings, ringOf } = cycles(next);
  const outlines: Outline[] = [];
  const outlineOfRing: Outline[] = [];
  for (const ring of rings) {
    const points = ringPoints(ring, edges, next, NO_SLITS, options.simplify ?? 0);
    if (isTop(ring)) {
      const outline = { outer: points, holes: [] };
      outlineOfRing.push(outline);
      outlines.push(outline);
    } else {
      // The run above a hole's first edge belongs to a ring found earlier, of the same part.
      const outline = outlineOfRing[ringOf[ring - 1]];
      outline.holes.push(points);
      outlineOfRing.push(outline);
    }
  }
  return outlines;
}

/**
 * The edges between a pixel and the one above it that differ, column by column, from the top down: edge 2k is the top
 * and 2k + 1 the bottom of a run within one column. `x` is the column, from x to x + 1. Walked with the inside on the
 * right hand: tops to the right, bottoms to the left.
 */
interface Edges {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

const NO_SLITS: ReadonlySet<number> = new Set();

function isTop(edge: number): boolean {
  return edge % 2 === 0;
}

function horizontalEdges({ height, counts }: Rle): Edges {
  const xs: number[] = [];
  const ys: number[] = [];
  let start = 0;
  for (let i = 1; i < counts.length; i += 2) {
    start += counts[i - 1];
    const end = start + counts[i];
    while (start < end) {
      const x = Math.floor(start / height);
      const top = start - x * height;
      const bottom = Math.min(top + (end - start), height);
      const last = ys.length - 1;
      if (xs[last] === x && ys[last] === top) {
        ys[last] = bottom; // a background run of 0 pixels lay between
      } else {
        xs.push(x, x);
        ys.push(top, bottom);
      }
      start += bottom - top;
    }
  }
  return { x: Int32Array.from(xs), y: Int32Array.from(ys) };
}

/** For each edge the one that follows on its ring: its start lies on the vertical line on which this one ends. */
function successors({ x, y }: Edges): Int32Array {
  const next = new Int32Array(x.length);
  let left = 0;
  let right = 0;
  while (left < x.length) {
    // On one line: the edges of the column before it are left, those of the column after it right, up to the ends.
    const line = right === left ? x[left] : x[left] + 1;
    const leftEnd = right;
    while (right < x.length && x[right] === line) {
      right++;
    }
    joinLine(y, next, [left, leftEnd], [leftEnd, right]);
    left = leftEnd;
  }
  return next;
}

/** Joins the edges of the columns left and right of a line, each a range [from, to), two by two from the top down. */
function joinLine(
  y: Int32Array,
  next: Int32Array,
  [left, leftEnd]: readonly [number, number],
  [right, rightEnd]: readonly [number, number],
): void {
  let [i, j] = [left, right];
  const takeUpper = (): number => {
    // Of two at one height the bottom is upper: so pixels that touch at a corner only are not joined.
    const takeLeft = j === rightEnd || (i < leftEnd && (y[i] < y[j] || (y[i] === y[j] && !isTop(i))));
    return takeLeft ? i++ : j++;
  };
  while (i < leftEnd || j < rightEnd) {
    const [a, b] = [takeUpper(), takeUpper()];
    const endsHere = isTop(a) === a < leftEnd;
    if (endsHere) {
      next[a] = b;
    } else {
      next[b] = a;
    }
  }
}

/**
 * Joins the ring of each hole to the ring above its first edge, by letting the two ends on the line of the slit change
 * their successors.
 * @returns the edges that are followed by a slit
 */
function joinHoles(next: Int32Array): Set<number> {
  const previous = new Int32Array(next.length);
  next.forEach((to, from) => {
    previous[to] = from;
  });
  const slits = new Set<number>();
  for (const bottom of cycles(next).rings.filter((ring) => !isTop(ring))) {
    const top = bottom - 1;
    const [beforeTop, afterBottom] = [previous[top], next[bottom]];
    next[bottom] = top;
    next[beforeTop] = afterBottom;
    previous[top] = bottom;
    previous[afterBottom] = beforeTop;
    slits.add(bottom).add(beforeTop);
  }
  return slits;
}

/** The rings, each by its first edge, which is its uppermost in its leftmost column; and for each edge its ring's index. */
function cycles(next: Int32Array): { rings: number[]; ringOf: Int32Array } {
  const rings: number[] = [];
  const ringOf = new Int32Array(next.length).fill(-1);
  for (let first = 0; first < next.length; first++) {
    if (ringOf[first] < 0) {
      for (let edge = first; ringOf[edge] < 0; edge = next[edge]) {
        ringOf[edge] = rings.length;
      }
      rings.push(first);
    }
  }
  return { rings, ringOf };
}

/** The corners of the ring that begins with the edge `first`. */
function ringPoints(
  first: number,
  { x, y }: Edges,
  next: Int32Array,
  slits: ReadonlySet<number>,
  tolerance: number,
): number[] {
  const points: number[] = [];
  // Ends of slits stay where they are, so that both sides of a slit stay the same line.
  const fixed: number[] = [];
  let edge = first;
  do {
    const following = next[edge];
    const isFixed = tolerance > 0 && slits.has(edge);
    if (y[following] !== y[edge] || isFixed) {
      const line = isTop(edge) ? x[edge] + 1 : x[edge];
      if (isFixed) {
        fixed.push(points.length / 2, points.length / 2 + 1);
      }
      points.push(line, y[edge], line, y[following]);
    }
    edge = following;
  } while (edge !== first);
  return tolerance > 0 ? simplifyRing(points, tolerance, fixed) : points;
}
