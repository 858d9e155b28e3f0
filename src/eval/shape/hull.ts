import type { Crop } from './crop';

/** A point in pixels of the image, pixel centres at +0.5, y downwards. */
export type Point = readonly [x: number, y: number];

/**
 * The midpoints of the pixel edges between inside and outside that can lie on the convex hull: of each row the first
 * and last, of each column the first and last. They are the points of the contour at level 0.5 (marching squares),
 * which lies neither inside nor outside of a straight edge on average.
 */
export function crackMidpoints(crop: Crop): Point[] {
  const points: Point[] = [];
  for (const { y, first, last } of rowExtents(crop)) {
    points.push([first, y + 0.5], [last + 1, y + 0.5]);
  }
  for (const { x, first, last } of columnExtents(crop)) {
    points.push([x + 0.5, first], [x + 0.5, last + 1]);
  }
  return points;
}

/** The corners of the pixels that can lie on the convex hull of the mask's area. */
export function pixelCorners(crop: Crop): Point[] {
  const points: Point[] = [];
  for (const { y, first, last } of rowExtents(crop)) {
    points.push([first, y], [first, y + 1], [last + 1, y], [last + 1, y + 1]);
  }
  return points;
}

/**
 * Convex hull by Andrew's monotone chain: corners only, none twice, in one sense of rotation.
 * @param points at least one
 */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (ordered: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of ordered) {
      while (chain.length >= 2 && cross(chain[chain.length - 2], chain[chain.length - 1], point) <= 0) {
        chain.pop();
      }
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  const hull = [...half(sorted), ...half(sorted.reverse())];
  return hull.length > 0 ? hull : [sorted[0]];
}

export function polygonArea(polygon: readonly Point[]): number {
  let twice = 0;
  forEachEdge(polygon, ([x0, y0], [x1, y1]) => {
    twice += x0 * y1 - x1 * y0;
  });
  return Math.abs(twice) / 2;
}

export function polygonPerimeter(polygon: readonly Point[]): number {
  let length = 0;
  forEachEdge(polygon, ([x0, y0], [x1, y1]) => {
    length += Math.hypot(x1 - x0, y1 - y0);
  });
  return length;
}

/** Twice the signed area of the triangle. */
export function cross(origin: Point, a: Point, b: Point): number {
  return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0]);
}

function forEachEdge(polygon: readonly Point[], visit: (from: Point, to: Point) => void): void {
  polygon.forEach((point, i) => {
    visit(point, polygon[(i + 1) % polygon.length]);
  });
}

function rowExtents({ left, top, width, height, data }: Crop): { y: number; first: number; last: number }[] {
  const extents = [];
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width, (row + 1) * width);
    const first = line.indexOf(1);
    if (first >= 0) {
      extents.push({ y: row + top, first: first + left, last: line.lastIndexOf(1) + left });
    }
  }
  return extents;
}

function columnExtents({ left, top, width, height, data }: Crop): { x: number; first: number; last: number }[] {
  const firsts = new Int32Array(width).fill(-1);
  const lasts = new Int32Array(width).fill(-1);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (data[row * width + column] === 1) {
        firsts[column] = firsts[column] < 0 ? row : firsts[column];
        lasts[column] = row;
      }
    }
  }
  const extents = [];
  for (let column = 0; column < width; column++) {
    if (firsts[column] >= 0) {
      extents.push({ x: column + left, first: firsts[column] + top, last: lasts[column] + top });
    }
  }
  return extents;
}
