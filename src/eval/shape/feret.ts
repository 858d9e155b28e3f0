import type { Point } from './hull';
import { cross } from './hull';

export interface FeretDiameters {
  /** Longest distance between two points, and the direction of the line through them. */
  readonly max: number;
  readonly maxAngle: number;
  /** Least distance of two parallel lines that hold the shape between them, and the direction across these lines. */
  readonly min: number;
  readonly minAngle: number;
}

/**
 * Caliper diameters of a convex polygon by rotating calipers (Shamos 1978; Toussaint 1983), in the polygon's unit.
 * Angles are in degrees, 0 up to below 180, 0 along x, counter-clockwise as seen on the screen (y of points is
 * downwards). Of equal diameters the first around the polygon counts.
 * @param hull corners as `convexHull` gives them, at least 3
 */
export function feretDiameters(hull: readonly Point[]): FeretDiameters {
  const n = hull.length;
  let [max, maxAngle, min, minAngle] = [0, 0, Infinity, 0];
  let far = 1;
  for (let i = 0; i < n; i++) {
    const [from, to] = [hull[i], hull[(i + 1) % n]];
    while (Math.abs(cross(from, to, hull[(far + 1) % n])) > Math.abs(cross(from, to, hull[far]))) {
      far = (far + 1) % n;
    }
    const edge = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const width = Math.abs(cross(from, to, hull[far])) / edge;
    if (width < min) {
      min = width;
      minAngle = degrees(-(to[1] - from[1]), to[0] - from[0]);
    }
    // the corner beside the farthest one is as far where two edges are parallel
    for (const point of [hull[far], hull[(far + 1) % n]]) {
      for (const end of [from, to]) {
        const distance = Math.hypot(point[0] - end[0], point[1] - end[1]);
        if (distance > max) {
          max = distance;
          maxAngle = degrees(point[0] - end[0], point[1] - end[1]);
        }
      }
    }
  }
  return { max, maxAngle, min, minAngle };
}

/** Direction of the line along (x, y), y downwards: degrees from 0 to below 180, counter-clockwise on the screen. */
export function degrees(x: number, y: number): number {
  const angle = (Math.atan2(-y, x) * 180) / Math.PI;
  const turned = angle < 0 ? angle + 180 : angle;
  return turned >= 180 ? 0 : turned + 0;
}
