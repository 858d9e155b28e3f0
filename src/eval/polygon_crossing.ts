import { cross, type Point } from './shape/hull';

interface Edge {
  readonly from: Point;
  readonly to: Point;
  readonly left: number;
  readonly right: number;
}

/**
 * Whether two edges of a closed polygon cross properly, each with its ends on different sides of the other. Edges that
 * only touch, in a point or along a stretch, do not cross: outlines that were traced along pixels touch themselves.
 *
 * Edges are compared with those that overlap them in x, in order of x.
 */
export function crossesItself(polygon: readonly Point[]): boolean {
  const edges = polygon
    .map((from, i): Edge => {
      const to = polygon[(i + 1) % polygon.length];
      return { from, to, left: Math.min(from[0], to[0]), right: Math.max(from[0], to[0]) };
    })
    .sort((a, b) => a.left - b.left);
  let open: Edge[] = [];
  for (const edge of edges) {
    open = open.filter(({ right }) => right >= edge.left);
    if (open.some((other) => edgesCross(edge, other))) {
      return true;
    }
    open.push(edge);
  }
  return false;
}

/** Neighbours share an end, which lies on neither side, so they do not cross. */
function edgesCross(a: Edge, b: Edge): boolean {
  return (
    cross(a.from, a.to, b.from) * cross(a.from, a.to, b.to) < 0 &&
    cross(b.from, b.to, a.from) * cross(b.from, b.to, a.to) < 0
  );
}

/** x0, y0, x1, y1, … as points. */
export function pointsOf(xy: readonly number[]): Point[] {
  return Array.from({ length: Math.floor(xy.length / 2) }, (_, i): Point => [xy[2 * i], xy[2 * i + 1]]);
}
