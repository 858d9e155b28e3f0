import type { Rle } from '../rle';
import { CROP_PADDING, cropOf } from './crop';
import { feretDiameters } from './feret';
import { convexHull, crackMidpoints, pixelCorners, polygonArea, polygonPerimeter } from './hull';
import { fittedEllipse } from './moments';
import { croftonPerimeter } from './perimeter';
import { topologyOf } from './topology';

/**
 * Size and shape of one mask. Lengths in pixels, areas in pixels squared, angles in degrees from 0 to below 180, 0
 * along x, counter-clockwise as seen on the screen. All parts of a mask count as one shape.
 */
export interface ShapeMeasures {
  /** Number of pixels. */
  readonly area: number;
  /** Diameter of the circle of the same area, sqrt(4 area / pi). */
  readonly equivalentDiameter: number;
  /** Crofton's formula with 8 directions: see `croftonPerimeter` for its errors. Holes' edges count. */
  readonly perimeter: number;
  /** Longest and least caliper diameter, and their directions: see `feretDiameters`, over `crackMidpoints`. */
  readonly feretMax: number;
  readonly feretMin: number;
  readonly feretMaxAngle: number;
  readonly feretMinAngle: number;
  /** Full axes and orientation of the ellipse of the same second moments: see `fittedEllipse`. */
  readonly majorAxis: number;
  readonly minorAxis: number;
  readonly orientation: number;
  /** majorAxis / minorAxis, from 1 on. */
  readonly aspectRatio: number;
  /** Of the fitted ellipse, sqrt(1 - (minorAxis / majorAxis)^2): 0 a circle, below 1. */
  readonly eccentricity: number;
  /**
   * 4 pi area / perimeter^2 (the form factor of ISO 9276-6): 1 for a disc, less for others. Not clamped: the
   * perimeter's error takes small round masks above 1 (a disc of 10 pixels to 1.01, of 5 pixels to 1.05, a single
   * pixel to 2.9).
   */
  readonly circularity: number;
  /**
   * 4 area / (pi feretMax^2), as in ISO 9276-6: 1 for a disc. ImageJ's "roundness" is another one, with the fitted
   * ellipse's major axis; it equals 1 / aspectRatio.
   */
  readonly roundness: number;
  /** area / area of the convex hull of the pixels' corners: at most 1, and 1 only for rectangles along the axes. */
  readonly solidity: number;
  /**
   * Perimeter of the convex hull of the crack midpoints / perimeter: about 1 for convex shapes, less for jagged ones
   * and those with holes. Not clamped: the perimeter's error may take it a few percent above 1.
   */
  readonly convexity: number;
  /** Centre of mass in pixels of the image, pixel centres at +0.5. */
  readonly centroidX: number;
  readonly centroidY: number;
  /** Tight box in pixels of the image. */
  readonly boxX: number;
  readonly boxY: number;
  readonly boxWidth: number;
  readonly boxHeight: number;
  /** 8-connected components. */
  readonly parts: number;
  /** 4-connected parts of the background that are enclosed. */
  readonly holes: number;
  /** Whether a pixel of the mask lies in the first or last row or column of the image: the object may be cut. */
  readonly touchesBorder: boolean;
}

/**
 * Measures a mask of the image's size; null for an empty one. Every value is finite, also for a single pixel (diameters
 * 1 and 0.71, axes 1.15) and for lines.
 */
export function measureShape(rle: Rle): ShapeMeasures | null {
  const crop = cropOf(rle);
  if (crop === null) {
    return null;
  }
  const { x, y, area, major, minor, orientation } = fittedEllipse(crop);
  const perimeter = croftonPerimeter(crop, 8);
  const hull = convexHull(crackMidpoints(crop));
  const feret = feretDiameters(hull);
  const box = boxOf(crop);
  const [right, bottom] = [box.boxX + box.boxWidth, box.boxY + box.boxHeight];
  return {
    area,
    equivalentDiameter: Math.sqrt((4 * area) / Math.PI),
    perimeter,
    feretMax: feret.max,
    feretMin: feret.min,
    feretMaxAngle: feret.maxAngle,
    feretMinAngle: feret.minAngle,
    majorAxis: major,
    minorAxis: minor,
    orientation,
    aspectRatio: major / minor,
    eccentricity: Math.sqrt(Math.max(0, 1 - (minor / major) ** 2)),
    circularity: (4 * Math.PI * area) / perimeter ** 2,
    roundness: (4 * area) / (Math.PI * feret.max ** 2),
    solidity: area / polygonArea(convexHull(pixelCorners(crop))),
    convexity: polygonPerimeter(hull) / perimeter,
    centroidX: x,
    centroidY: y,
    ...box,
    ...topologyOf(crop),
    touchesBorder: box.boxX === 0 || box.boxY === 0 || right === rle.width || bottom === rle.height,
  };
}

function boxOf(crop: { left: number; top: number; width: number; height: number }): {
  boxX: number;
  boxY: number;
  boxWidth: number;
  boxHeight: number;
} {
  return {
    boxX: crop.left + CROP_PADDING,
    boxY: crop.top + CROP_PADDING,
    boxWidth: crop.width - 2 * CROP_PADDING,
    boxHeight: crop.height - 2 * CROP_PADDING,
  };
}
