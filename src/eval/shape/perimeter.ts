import type { Crop } from './crop';

/** Lattice directions as steps (x, y), by how many of them the formula uses; angles rise from 0 to below 180 degrees. */
const STEPS = {
  2: [
    [1, 0],
    [0, 1],
  ],
  4: [
    [1, 0],
    [1, 1],
    [0, 1],
    [-1, 1],
  ],
  8: [
    [1, 0],
    [2, 1],
    [1, 1],
    [1, 2],
    [0, 1],
    [-1, 2],
    [-1, 1],
    [-2, 1],
  ],
} as const;

export type CroftonDirections = keyof typeof STEPS;

/**
 * Perimeter of a mask in pixels by the Cauchy-Crofton formula: P = sum over directions of (arc * spacing * entries),
 * where `entries` is the number of steps from outside to inside along all lattice lines of the direction, `spacing`
 * the distance of these lines, and `arc` the part of the half circle that is nearest to the direction (Voronoi arc;
 * Ohser and Muecklich, Statistical Analysis of Microstructures in Materials Science, 2000, section 4.2). Edges of holes
 * count; what lies outside the image is outside the mask.
 *
 * With 2 or 4 directions it is the `perimeter_crofton` of scikit-image. For a long straight edge the mean over all
 * orientations is exact; a single orientation is off by -21 to +11 % with 2 directions, -5.2 to +2.6 % with 4, and
 * -1.8 to +0.9 % with 8 (0, 26.6, 45, 63.4, 90, ... degrees). Chords shorter than a step are missed: with 8 directions
 * a disc of 10 pixels comes out 0.5 % low on average, of 20 pixels 0.1 %, and a sharp right-angled corner loses 0.43
 * pixels whatever the size (a 10 x 10 square 4 %, 40 x 40 1 %).
 */
export function croftonPerimeter(crop: Crop, directions: CroftonDirections = 8): number {
  const steps = STEPS[directions];
  const angles = steps.map(([x, y]) => Math.atan2(y, x));
  let perimeter = 0;
  steps.forEach(([x, y], k) => {
    const before = k === 0 ? angles[angles.length - 1] - Math.PI : angles[k - 1];
    const after = k === angles.length - 1 ? angles[0] + Math.PI : angles[k + 1];
    perimeter += (((after - before) / 2) * entries(crop, x, y)) / Math.hypot(x, y);
  });
  return perimeter;
}

/** Number of places where a step of (dx, dy) leads from outside to inside. The crop's padding holds every step. */
function entries({ data, width }: Crop, dx: number, dy: number): number {
  const step = dy * width + dx;
  let count = 0;
  for (let i = step; i < data.length; i++) {
    count += data[i] & ~data[i - step];
  }
  return count;
}
